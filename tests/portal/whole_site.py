"""The real portal over real nodes, as the runtime puts it together."""

from metropool.portal.app import make_app
from metropool.runtime.portal import Facts, desks_of, portal_settings


def app_over(nodes, *, settings, compiled, **more):
    """The site of some nodes (by system) of a compiled plan; ``more`` goes to the portal, such as cheap ``passwords``."""
    return make_app(
        nodes,
        None,
        portal_settings(list(nodes.values()), settings=settings),
        desks=desks_of(nodes, settings=settings, compiled=compiled),
        facts=Facts(nodes, settings=settings, compiled=compiled),
        **more,
    )
