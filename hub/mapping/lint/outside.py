"""What reaches beyond the file: the hook, and the webhook that others call."""

from __future__ import annotations

from hub.errors import MappingError
from hub.mapping import hooks
from hub.mapping.grammar import SystemMapping
from hub.mapping.lint import names
from hub.mapping.lint.calls import lint_path, lint_values, mentions
from hub.mapping.lint.found import Found
from hub.mapping.lint.writes import lint_stream_name
from hub.problems import MappingErrors

_FUNCTION = {"files": ("record", "decode"), "sql": ("record",)}
"""The functions of a hook that a connector kind has a use for, where that is not all of them."""


def lint_hook(mapping: SystemMapping, found: Found) -> None:
    """Load the hook: what is wrong in it has its place in its own file."""
    try:
        hook = hooks.load(mapping)
    except MappingErrors as errors:
        found.problems += errors.problems
        return
    except MappingError as error:
        found.error(("hook",), error.key, key=False, **error.values)
        return
    useful = _FUNCTION.get(mapping.connector, tuple(hooks.FUNCTIONS))
    for name in hooks.FUNCTIONS:
        if getattr(hook, name) is not None and name not in useful:
            found.warning(("hook",), "hook.not_asked", name=name, connector=mapping.connector)


def lint_webhook(mapping: SystemMapping, found: Found) -> None:
    """Lint how a wake-up call is verified, and whether the record that it names can be read by its key."""
    webhook = mapping.webhook
    if webhook is None:
        return
    lint_stream_name(mapping, webhook.stream, ("webhook", "stream"), found)
    for name in ("key", "replay", "time"):
        if path := getattr(webhook, name):
            lint_path(path, ("webhook", name), found)
    allowed = names.ALWAYS - {"serial", "nonce"} | {"request"}
    mentioned = lint_values(mapping, f"={webhook.verify}", ("webhook", "verify"), allowed, found)
    for name in sorted({"request", "conn"} - mentioned):
        found.error(("webhook", "verify"), "mapping.webhook_unsigned", name=name)
    if webhook.within and not webhook.time:
        found.error(("webhook", "within"), "mapping.webhook_without_time", key=True)
    if webhook.within is None and webhook.replay is None:
        found.warning(("webhook",), "mapping.webhook_replayable", key=True)
    stream = mapping.streams.get(webhook.stream)
    if stream is None or stream.read.verb in {"table", "sql"}:
        return
    calls = [call for call in (stream.read, stream.sweep and stream.sweep.call) if call]
    if not any(mentions(call) & names.KEYS for call in calls):
        found.error(("webhook", "stream"), "mapping.webhook_without_keys", name=webhook.stream)
