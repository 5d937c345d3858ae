"""Ways to use a page: with a mouse, by touch, or with the keyboard alone. What is pressed is counted."""

from abc import ABC, abstractmethod
from pathlib import Path

from playwright.sync_api import Browser, Locator, expect

from tests.web.browser.conftest import desk

MOST_TABS = 150
"""A control that is further away with the Tab key counts as out of reach."""
IS_FOCUSED = "element => element === document.activeElement"
HAS_CARET = """block => {
  const { editor } = block.closest("markdown-editor");
  return block.contains(editor.view.domAtPos(editor.state.selection.from).node);
}"""


class Hand(ABC):
    """Somebody who uses a window in one way; `presses` are clicks, taps, or keys that write no text."""

    width = 1280
    touch = False

    def __init__(self, browser: Browser) -> None:
        context = desk(browser, width=self.width, touch=self.touch)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page, self.presses = context.new_page(), 0
        self.page.set_default_timeout(30_000)

    @abstractmethod
    def press(self, target: Locator) -> None:
        """Press a button, a link or a box, or put the caret into a text."""

    @abstractmethod
    def fill(self, field: Locator, text: str) -> None:
        """Give a field this text."""

    @abstractmethod
    def choose(self, field: Locator, option: str) -> None:
        """Choose from a list."""

    @abstractmethod
    def insert(self, entry: str) -> None:
        """Choose from the editor's menu of what can be inserted."""

    @abstractmethod
    def use_tool(self, name: str) -> None:
        """Press a button of the editor's toolbar."""

    @abstractmethod
    def select(self, image: Locator) -> None:
        """Select an image in the editor, above the caret."""

    @abstractmethod
    def go_on_in(self, block: Locator) -> None:
        """Put the caret into a block of the editor, below the present one."""

    def key(self, name: str) -> None:
        """Press a key."""
        self.presses += 1
        self.page.keyboard.press(name)

    def write(self, text: str) -> None:
        """Write where the caret is."""
        self.page.keyboard.insert_text(text)

    def paste(self, text: str) -> None:
        """Paste what another program has put on the clipboard."""
        self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
        self.key("Control+v")

    def choose_file(self, field: Locator, file: Path) -> None:
        """Choose a file in the window that the field opens."""
        with self.page.expect_file_chooser() as chooser:
            self.press(field)
        chooser.value.set_files(file)


class Pointer(Hand):
    """What a mouse and a finger have in common: they press what they see."""

    def fill(self, field: Locator, text: str) -> None:
        self.press(field)
        field.fill(text)

    def choose(self, field: Locator, option: str) -> None:
        self.presses += 2
        field.select_option(label=option)

    def insert(self, entry: str) -> None:
        self.use_tool("Insert")
        self.press(self.page.get_by_role("option", name=entry))

    def use_tool(self, name: str) -> None:
        self.press(self.page.get_by_role("toolbar").get_by_role("button", name=name, exact=True))

    def select(self, image: Locator) -> None:
        self.press(image)

    def go_on_in(self, block: Locator) -> None:
        self.press(block)


class Mouse(Pointer):
    """Clicks, at a desk."""

    def press(self, target: Locator) -> None:
        self.presses += 1
        target.click()


class Finger(Pointer):
    """Taps, on a phone."""

    width = 375
    touch = True

    def press(self, target: Locator) -> None:
        self.presses += 1
        target.tap()


class Keyboard(Hand):
    """Keys alone."""

    def press(self, target: Locator) -> None:
        self._reach(target)
        if target.evaluate("element => !element.isContentEditable"):
            self.key("Space" if target.evaluate("element => element.type === 'radio'") else "Enter")

    def fill(self, field: Locator, text: str) -> None:
        self._reach(field)
        self.key("Control+a")
        self.write(text)

    def choose(self, field: Locator, option: str) -> None:
        self._reach(field)
        self.page.keyboard.type(option)
        expect(field.locator("option:checked")).to_have_text(option)

    def insert(self, entry: str) -> None:
        self.page.keyboard.type(f"/{entry.lower().partition(' ')[0]}")
        expect(self.page.get_by_role("option", name=entry)).to_have_attribute("aria-selected", "true")
        self.key("Enter")

    def use_tool(self, name: str) -> None:
        button = self.page.get_by_role("toolbar").get_by_role("button", name=name, exact=True)
        self.key("Alt+F10")
        self._repeat("ArrowRight", button, IS_FOCUSED)
        self.key("Enter")

    def select(self, image: Locator) -> None:
        self._repeat("ArrowUp", image, "image => Boolean(image.closest('.ProseMirror-selectednode'))")

    def go_on_in(self, block: Locator) -> None:
        self._repeat("ArrowDown", block, HAS_CARET)

    def _reach(self, target: Locator) -> None:
        expect(target).to_be_visible()
        self._repeat("Tab", target, IS_FOCUSED)

    def _repeat(self, key: str, target: Locator, reached: str) -> None:
        for _ in range(MOST_TABS):
            if target.evaluate(reached):
                return
            self.key(key)
        raise AssertionError(f"{target} can't be reached with {key}")
