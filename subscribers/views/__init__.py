"""The public pages: subscribe, confirm, unsubscribe, preferences and profile.

Only POST changes anything. There are no sessions or cookies: the link alone is the authorization, so other sites can't
forge requests.
"""

from subscribers.views.one_button_pages import ONE_CLICK_BODY, one_click_response, still, unsubscribe
from subscribers.views.preferences_page import preferences
from subscribers.views.profile_page import profile
from subscribers.views.subscribe_page import accepted_page, challenge, confirm, read_sign_up, subscribe

__all__ = [
    "ONE_CLICK_BODY",
    "accepted_page",
    "challenge",
    "confirm",
    "one_click_response",
    "preferences",
    "profile",
    "read_sign_up",
    "still",
    "subscribe",
    "unsubscribe",
]
