"""The key of a provider is tried without sending."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from newsletter import config
from newsletter.config import DeliverySettings
from newsletter.domain.check import Verdict
from newsletter.providers import PROVIDERS
from newsletter.scheduling.checks import provider_checks
from newsletter.sending.api_calls import choice
from newsletter.sending.api_calls.amazon_ses_provider import AmazonSes
from newsletter.sending.api_calls.interface import ProviderProblem
from tests.doubles.provider_api import Api
from tests.doubles.providers import DOUBLES

WITH_LOGIN = [name for name, provider in PROVIDERS.items() if provider.login]


def settings(api: Api, provider: str, **more: str) -> DeliverySettings:
    return DeliverySettings(provider=provider, **{provider: api.settings(provider, **more)})


@pytest.mark.parametrize("provider", WITH_LOGIN)
def test_the_right_key_is_accepted_and_nothing_is_sent(provider: str, api: Api) -> None:
    assert choice.try_key(settings(api, provider)) == "accepted"
    assert api.taken == []


@pytest.mark.parametrize("provider", WITH_LOGIN)
def test_a_wrong_key_is_told(provider: str, api: Api) -> None:
    status, _ = DOUBLES[provider].wrong_key
    with pytest.raises(ProviderProblem, match=rf"the key was refused \({status} .*\); check the key"):
        choice.try_key(settings(api, provider, key="another"))


def test_a_key_that_may_not_read_is_not_called_wrong(api: Api) -> None:
    api.faults.append(403)
    assert choice.try_key(settings(api, "sparkpost")) == "forbidden"


@pytest.mark.parametrize("fault", [404, 500])
def test_another_answer_is_told(fault: int, api: Api) -> None:
    api.faults.append(fault)
    with pytest.raises(ProviderProblem, match=f"{fault} "):
        choice.try_key(settings(api, "brevo"))


def test_a_provider_that_is_not_there_is_told(api: Api) -> None:
    api.url = "http://127.0.0.1:9"
    with pytest.raises(ProviderProblem, match="the provider did not answer"):
        choice.try_key(settings(api, "brevo"))


class Backend:
    """Amazon's client, which can answer with an error."""

    def __init__(self, problem: Exception | None) -> None:
        self._problem = problem
        self.client = self

    def get_account(self) -> None:
        if self._problem:
            raise self._problem


def error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "GetAccount")


def test_amazon_is_asked_for_the_account(api: Api) -> None:
    amazon = AmazonSes(api.settings("amazon_ses"))
    amazon.backend = Backend(None)
    assert amazon.try_key() == "accepted"
    amazon.backend = Backend(error("AccessDeniedException"))
    assert amazon.try_key() == "forbidden"
    for problem in (error("InvalidClientTokenId"), EndpointConnectionError(endpoint_url="http://127.0.0.1:9")):
        amazon.backend = Backend(problem)
        with pytest.raises(ProviderProblem):
            amazon.try_key()


def test_the_check_names_the_provider(api: Api) -> None:
    def checked(**more: Any) -> tuple[Verdict, str]:
        _tracking, found = provider_checks(replace(config.current(), delivery=settings(api, "postmark", **more)))
        return found.verdict, str(found.about)

    assert checked() == (Verdict.GOOD, "provider: postmark")
    assert checked(key="another") == (Verdict.BAD, "provider: postmark")
