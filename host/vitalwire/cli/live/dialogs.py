# SPDX-License-Identifier: Apache-2.0
"""Questions on top of the screen: a choice, a line of text, a text to read. Escape is always *nothing*."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Label, OptionList, Static
from textual.widgets.option_list import Option


class Choose(ModalScreen[str | None]):
    """One of `choices`, (value, text); the value, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "back")]

    def __init__(self, question: str, choices: list[tuple[str, str]]) -> None:
        super().__init__()
        self.question, self.choices = question, choices

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label(Text(self.question), id="question")
            yield OptionList(*(Option(Text(text), id=f"c{at}") for at, (_, text) in enumerate(self.choices)))
            yield Label(Text("Arrows and Enter, or the mouse; Escape goes back"), classes="hint")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.choices[event.option_index][0])


class Ask(ModalScreen[str | None]):
    """A line of text, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss(None)", "back")]

    def __init__(self, question: str, hint: str = "") -> None:
        super().__init__()
        self.question, self.hint = question, hint

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label(Text(self.question), id="question")
            yield Input(placeholder=self.hint, max_length=200)
            yield Label(Text("Enter takes it; Escape goes back"), classes="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip() or None)


class Read(ModalScreen[None]):
    """Something to read."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape,enter,q,l,question_mark", "dismiss(None)", "back")]

    def __init__(self, title: str, text: Text) -> None:
        super().__init__()
        self.title_text, self.text = title, text

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Label(Text(self.title_text), id="question")
            with VerticalScroll():
                yield Static(self.text)
            yield Label(Text("Escape goes back"), classes="hint")
