"""What staff may do about market opens in the admin: capture one, its close, correct a row, grade a session anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.decorators import action

from thor.market_open.corrections import correct
from thor.market_open.forms import CaptureForm, CloseForm, CorrectForm, ReasonForm
from thor.market_open.models import MarketSession
from thor.market_open.requests import Became, ask
from thor.runtime.admin import ReadOnlyAdmin
from thor.runtime.child import run_command
from thor.runtime.problem import Problem
from thor.runtime.schema import current_namespace

_NOTHING_DIFFERS: Final = "The stored ticks say what stands: nothing differs."
_LIST: Final = "admin:market_open_marketsession_changelist"
_CAPTURE: Final = (
    "The desk that leads captures with the prices of now. A date is captured once, while its market is open."
)
_CLOSE: Final = "From the stored ticks, for what the desk was not there to measure. Looking writes nothing."
_CORRECT: Final = "What was captured stands. P&L and the level that was touched follow from the outcome."


class SessionActions(ReadOnlyAdmin[MarketSession]):
    """Pages with a form each, behind the buttons of a list and of a row."""

    actions_list = ("capture_now", "capture_close")
    actions_detail = ("correct", "regrade")

    def has_correct_permission(self, request: HttpRequest, object_id: object = None) -> bool:
        """May change history, with a reason."""
        del object_id
        return bool(request.user.has_perm("market_open.change_marketsession"))

    @action(description="Capture now", url_path="capture-now", icon="add_a_photo")  # type: ignore[untyped-decorator]
    def capture_now(self, request: HttpRequest) -> HttpResponseBase:
        """Ask the desk for a capture of a market that is open."""
        form = CaptureForm(request.POST or None)
        if form.is_valid():
            try:
                found = ask(form.cleaned_data["market"], _who(request), form.cleaned_data["reason"])
            except Problem as problem:
                form.add_error(None, problem.detail)
            else:
                level = messages.WARNING if found.status is Became.REFUSED else messages.SUCCESS
                return self._done(request, f"{found.session_id} {found.answer}".strip(), level)
        return self._page(request, "Capture now", form, [_CAPTURE], buttons=[("capture", "Capture")])

    @action(description="Capture close", url_path="capture-close", icon="door_front")  # type: ignore[untyped-decorator]
    def capture_close(self, request: HttpRequest) -> HttpResponseBase:
        """Make the close of a market's newest session of the stored ticks."""
        form = CloseForm(request.POST or None)
        lines = [_CLOSE]
        if form.is_valid():
            is_look = "look" in request.POST
            words = [f"--market={form.cleaned_data['market']}", "--dry-run" if is_look else f"--user={_who(request)}"]
            words += ["--force"] if form.cleaned_data["force"] else []
            try:
                said = run_command("capture_market_close", *words, namespace=current_namespace())
            except Problem as problem:
                form.add_error(None, problem.detail)
            else:
                if not is_look:
                    return self._done(request, said, messages.SUCCESS)
                lines.append(said)
        buttons = [("look", "Look"), ("write", "Write")]
        return self._page(request, "Capture close", form, lines, buttons=buttons)

    @action(description="Correct", url_path="correct", icon="edit_note", permissions=["correct"])  # type: ignore[untyped-decorator]
    def correct(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Another outcome, with a reason."""
        row = self._row(request, object_id)
        form = CorrectForm.of(row, request.POST or None)
        if form.is_valid():
            try:
                number = correct(row.session_id, row.symbol, form.changes(), form.cleaned_data["reason"], _who(request))
            except Problem as problem:
                form.add_error(None, problem.detail)
            else:
                said = "nothing was changed" if number is None else f"corrected, audit record {number}"
                return self._done(request, f"{row}: {said}", messages.SUCCESS, row)
        return self._page(request, f"Correct {row}", form, [_CORRECT], buttons=[("correct", "Correct")])

    @action(description="Regrade", url_path="regrade", icon="rule", permissions=["correct"])  # type: ignore[untyped-decorator]
    def regrade(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Grade the session anew from the stored ticks; what differs is shown, then written with a reason."""
        row = self._row(request, object_id)
        form = ReasonForm(request.POST or None)
        lines, rows = [], []
        try:
            if form.is_valid():
                reason = f"--reason={form.cleaned_data['reason']}"
                found = _regraded(row.session_id, "--apply", reason, f"--user={_who(request)}")
                said = f"{row.session_id}: {len(found['differences'])} corrected"
                return self._done(request, said, messages.SUCCESS, row)
            found = _regraded(row.session_id)
            rows = [
                [each["symbol"], column["column"], column["old"], column["new"]]
                for each in found["differences"]
                for column in each["columns"]
            ]
            lines.append(f"{found['trades']} trades on {found['ticks']:,} ticks.")
            lines += [] if rows else [_NOTHING_DIFFERS]
        except Problem as problem:
            lines.append(problem.detail)
        table = {"headers": ["", "column", "as it stands", "by the ticks"], "rows": rows}
        buttons = [("apply", "Write as corrections")]
        return self._page(request, f"Regrade {row.session_id}", form if rows else None, lines, table, buttons)

    def _row(self, request: HttpRequest, object_id: str) -> MarketSession:
        if (row := self.get_object(request, object_id)) is None:
            raise Http404
        return row

    def _done(self, request: HttpRequest, said: str, level: int, row: MarketSession | None = None) -> HttpResponseBase:
        self.message_user(request, said, level)
        if row is None:
            return redirect(_LIST)
        return redirect(reverse("admin:market_open_marketsession_change", args=[row.pk]))

    def _page(
        self, request: HttpRequest, title: str, form: forms.Form | None, lines: Sequence[str],
        table: Mapping[str, Any] | None = None, buttons: Sequence[tuple[str, str]] = (),
    ) -> HttpResponseBase:  # fmt: skip
        given = {"title": title, "opts": self.opts, "form": form, "lines": lines, "table": table, "buttons": buttons}
        return TemplateResponse(request, "market_open/act.html", {**self.admin_site.each_context(request), **given})


def _regraded(session_id: str, *words: str) -> dict[str, Any]:
    said = run_command(
        "regrade", f"--session={session_id}", "--json", *words, namespace=current_namespace(), accept=(0, 1)
    )
    found: dict[str, Any] = json.loads(said)
    return found


def _who(request: HttpRequest) -> str:
    return request.user.get_username()
