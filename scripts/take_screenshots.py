"""Take a picture of every page of a running demo, in both languages, on desktop and phone, for docs/images.

Usage: python scripts/take_screenshots.py http://127.0.0.1:8765 HOME docs/images
"""

import json
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from browser.conftest import ARGS, DEVICES, first_password_changed
from browser.places import PAGES

QUALITY = 72


def main(url: str, home: str, folder: str) -> None:
    """Visit each page as its holder and keep what is seen."""
    logins = json.loads((Path(home) / "logins.json").read_text(encoding="utf-8"))
    passwords = {row["login"]: row["password"] for row in logins}
    account = json.loads((Path(home) / "residents.json").read_text(encoding="utf-8"))[0]["account"]
    out = Path(folder)
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=shutil.which("chromium"), args=ARGS, chromium_sandbox=os.geteuid() != 0)
        for device, size in DEVICES.items():
            for login in sorted({holder for holder, _, _ in PAGES.values()} & passwords.keys()):
                passwords[login] = visit(browser, size, url, login, passwords[login], account, out, device)
        browser.close()


def visit(browser, size, url, login, password, account, out, device) -> str:
    """All pages of one person at one device; their password from now on."""
    context = browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai", viewport=size)
    page = context.new_page()
    page.goto(f"{url}/login")
    page.locator("input").nth(0).fill(login)
    page.locator("input[type=password]").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/login" not in address)
    changed = first_password_changed(page, url, password)
    for name, (holder, path, must) in PAGES.items():
        if holder != login:
            continue
        for language in ("zh", "en"):
            page.goto(f"{url}{path.format(account=account)}?language={language}")
            page.locator(must).first.wait_for(timeout=60_000)
            page.wait_for_timeout(2500)
            page.screenshot(
                path=str(out / f"{name}-{language}-{device}.jpg"), type="jpeg", quality=QUALITY, full_page=device == "desktop"
            )
            print(name, language, device)
    context.close()
    return changed


if __name__ == "__main__":
    main(*sys.argv[1:4])
