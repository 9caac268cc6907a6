"""The admin in a browser: its scripts run under our policy, in both themes, and what a person sets is kept."""

from __future__ import annotations

import subprocess
import sys
import uuid

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.support import CHECKOUT
from tests.support_browser import SIZES, RunningThor, Watched, open_page, screenshot

pytestmark = pytest.mark.browser
PASSWORD = uuid.uuid4().hex
PAGES = [
    "/admin/", "/admin/markets/market/", "/admin/markets/market/1/change/", "/admin/markets/sessioninterval/",
    "/admin/markets/calendarday/", "/admin/markets/calendaredition/", "/admin/markets/calendaroverride/",
    "/admin/markets/featurewindow/add/", "/admin/markets/marketdatasnapshot/", "/admin/instruments/instrument/",
    "/admin/instruments/instrument/1/change/", "/admin/instruments/instrument/1/history/",
    "/admin/instruments/watchlist/", "/admin/instruments/watchlist/1/change/", "/admin/instruments/watchlist/edits/",
    "/admin/instruments/rollrule/", "/admin/instruments/rollrule/1/change/", "/admin/instruments/roll/",
    "/admin/signals/signalstatvalue/", "/admin/signals/signalstatvalue/1/change/",
    "/admin/signals/signalstatvalue/1/history/", "/admin/signals/signalstatvalue/edits/",
    "/admin/signals/contractweight/", "/admin/signals/signalweight/",
    "/admin/signals/totalthresholds/", "/admin/signals/totalthresholds/1/change/", "/admin/signals/sessionbaseline/",
    "/admin/signals/signalchange/", "/admin/signals/signalday/",
    "/admin/market_open/marketsession/", "/admin/market_open/marketsession/capture-now/",
    "/admin/market_open/marketsession/capture-close/", "/admin/market_open/missedcapture/",
    "/admin/market_open/capturerequest/", "/admin/market_open/auditrecord/", "/admin/market_open/globalconfig/",
    "/admin/market_open/globalconfig/1/change/", "/admin/market_open/globalconfig/edits/",
    "/admin/market_open/regionconfig/", "/admin/market_open/regionconfig/1/change/",
    "/admin/market_open/targethighlowconfig/", "/admin/market_open/targethighlowconfig/add/",
    "/admin/users/user/", "/admin/users/user/add/", "/admin/auth/group/",
]  # fmt: skip
THEMES = [{"color_scheme": "dark"}, {"color_scheme": "light"}]


@pytest.fixture(scope="module")
def staff(thor: RunningThor) -> str:
    """A superuser's name."""
    name = f"root-{uuid.uuid4().hex[:6]}"
    subprocess.run(
        [sys.executable, "-m", "thor", "createsuperuser", "--noinput", "--username", name, "--email", "a@example.com"],
        env={**thor.environ, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}, cwd=CHECKOUT, check=True, capture_output=True,
    )  # fmt: skip
    return name


def log_in(context: BrowserContext, thor: RunningThor, staff: str) -> Watched:
    watched = open_page(context, f"{thor.url}/admin/login/?next=/admin/")
    watched.page.fill("[name=username]", staff)
    watched.page.fill("[name=password]", PASSWORD)
    watched.page.click("[type=submit]")
    expect(watched.page).to_have_url(f"{thor.url}/admin/")
    return watched


def theme_of(page: Page) -> str:
    return "dark" if page.locator("html.dark").count() else "light"


@pytest.mark.parametrize("context", THEMES, indirect=True, ids=["dark", "light"])
def test_every_page_runs_under_the_policy(
    context: BrowserContext, thor: RunningThor, staff: str, request: pytest.FixtureRequest
) -> None:
    watched = log_in(context, thor, staff)
    wanted = "dark" if "dark" in request.node.name else "light"
    for path in PAGES:
        answer = watched.page.goto(f"{thor.url}{path}")
        assert answer is not None
        assert answer.status == 200, path
        # Alpine ran: it alone sets the theme's class and takes the cloak away.
        expect(watched.page.locator("html[x-cloak]")).to_have_count(0)
        assert theme_of(watched.page) == wanted, path
    screenshot(watched.page, f"admin-{wanted}")
    assert watched.complaints == []


def test_a_person_edits_a_weight_in_the_list_and_filters_it(
    context: BrowserContext, thor: RunningThor, staff: str
) -> None:
    watched = log_in(context, thor, staff)
    page = watched.page
    page.goto(f"{thor.url}/admin/markets/market/")
    row = page.locator("tr", has_text="Mexico City")
    row.locator("input[name$=weight]").fill("0.0250")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 market was changed successfully")).to_be_visible()
    page.get_by_text("Filters").first.click()
    page.get_by_role("link", name="Asia").click()
    expect(page.locator("tbody tr", has_text="XTKS")).to_be_visible()
    expect(page.locator("tbody tr", has_text="XNYS")).to_have_count(0)
    assert watched.complaints == []


@pytest.mark.parametrize("context", [{"viewport": SIZES["narrow"]}], indirect=True, ids=["narrow"])
def test_a_telephone_shows_the_list_without_scrolling_sideways(
    context: BrowserContext, thor: RunningThor, staff: str
) -> None:
    page = log_in(context, thor, staff).page
    page.goto(f"{thor.url}/admin/markets/market/")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    screenshot(page, "admin-narrow")
