"""Every page: who sees it, where it is, and what must be on it."""

METER = "meter-electricity-0001"
PAGES = {
    "today": ("home1", "/today/{account}", "[data-testid=amount-due]"),
    "bill": ("home1", "/bills/{account}/latest", "text=/CB202606-/"),
    "bills": ("home1", "/bills/{account}", "text=2026-06"),
    "usage": ("home1", "/usage/{account}", "canvas"),
    "pay": ("home1", "/pay/{account}", "[data-testid=payable], main table"),
    "notices": ("home1", "/notices/{account}", "main .notice"),
    "announcements": ("waterworks", "/announcements/water_system", "main .data-table .state-tag"),
    "announcement": ("waterworks", "/announcements/water_system/new", "[data-ready]"),
    "places": ("home1", "/places/{account}", "[data-testid=switch-plug]"),
    "invoice": ("home1", "/pay/invoice/{account}", "main .invoice-rows"),
    "map": ("operator", "/operator/map", "[data-ready]"),
    "collection": ("operator", "/operator/collection", "canvas"),
    "meters": ("operator", "/operator/meters", "text=440126000001"),
    "meter": ("operator", f"/operator/meters/{METER}", "text=440126000001"),
    "alarms": ("operator", "/operator/alarms", "main"),
    "work_orders": ("operator", "/operator/work-orders", "main .data-table .state, main table, main .row-cards"),
    "then": ("operator", "/operator/map?at=2026-06-20T12:00:00%2B08:00", "[data-ready]"),
    "commands": ("controller", "/operator/commands", "main"),
    "company": ("waterworks", "/company/water_system/bills", "text=/WA2026/"),
    "refunds": ("cashier", "/refunds/smart_use_platform", "main .exports"),
    "topology": ("admin", "/topology", ".react-flow__node, .plain-table"),
    "health": ("admin", "/admin/health", "main"),
    "users": ("security", "/admin/users", "text=auditor"),
}
