"""The Web API: which method runs, with which token, and what is answered. Knows nothing of HTTP."""

from collections.abc import Callable
from dataclasses import replace

from . import chat, conversations, files, surfaces
from .faults import Answer, Fault
from .interactions import Interactions
from .params import decode
from .report import ApiError, Json
from .scopes import check_scope
from .views import Views
from .workspace import RateLimited, Workspace

Method = Callable[[Workspace, Json], Json]
APP_TOKEN_METHOD = "apps.connections.open"
SECRET_PARAMS = ("token",)


def methods(interactions: Interactions) -> dict[str, Method]:
    """Every method this double knows; others are answered `unknown_method`."""
    views = Views(interactions)
    return {
        "auth.test": surfaces.auth_test,
        APP_TOKEN_METHOD: surfaces.connections_open,
        "chat.postMessage": chat.post_message,
        "chat.update": chat.update,
        "chat.delete": chat.delete,
        "chat.postEphemeral": chat.post_ephemeral,
        "conversations.history": conversations.history,
        "conversations.replies": conversations.replies,
        "conversations.info": conversations.info,
        "conversations.list": conversations.listing,
        "conversations.open": conversations.open_direct,
        "users.info": surfaces.users_info,
        "views.open": views.open,
        "views.push": views.push,
        "views.update": views.update,
        "views.publish": views.publish,
        "files.getUploadURLExternal": files.upload_url,
        "files.completeUploadExternal": files.complete_upload,
        "files.info": files.info,
    }


class WebApi:
    """Answers calls to the workspace and logs them, with the faults that were asked for."""

    def __init__(self, workspace: Workspace, interactions: Interactions) -> None:
        self._workspace = workspace
        self._methods = methods(interactions)
        self._interactions = interactions

    def call(self, name: str, token: str, raw: Json, fault: Fault | None) -> Answer:
        """Answer one Web API call; a fault without effect answers in its stead."""
        params = {key: value for key, value in raw.items() if key not in SECRET_PARAMS}
        credential = token or str(raw.get("token") or "")
        answer = self._answered(name, params, fault, lambda: self._run(name, credential, params))
        if credential != self._workspace.bot_token or answer.content_type != "application/json":
            return answer
        granted = ",".join(sorted(self._workspace.scopes))
        return replace(answer, headers={**answer.headers, "x-oauth-scopes": granted})

    def respond(self, address: str, payload: Json, fault: Fault | None) -> Answer:
        """Answer one POST to a response_url: plain "ok", or the error on a 4xx status."""

        def run() -> Json:
            self._interactions.use_url(address, decode(payload))
            return {"ok": True}

        answer = self._answered("response_url", payload, fault, run, refusal_status=404)
        return Answer(200, b"ok", content_type="text/html") if answer.body == b'{"ok": true}' else answer

    def _answered(
        self, name: str, params: Json, fault: Fault | None, run: Callable[[], Json], refusal_status: int = 200
    ) -> Answer:
        label = fault.name if fault else None
        if fault is not None and not fault.takes_effect:
            answer = fault.answer or Answer(503, b"", content_type="text/plain")
            self._workspace.log(name, params, {"ok": False, "error": label}, answer.status, label)
            return answer
        with self._workspace.changed:
            try:
                body, status, headers = run(), 200, {}
            except RateLimited as error:
                body, status, headers = error.answer(), 429, {"Retry-After": str(error.retry_after)}
            except ApiError as error:
                body, status, headers = error.answer(), refusal_status, {}
            self._workspace.log(name, params, body, status, label)
        return Answer.of(body, status, headers)

    def _run(self, name: str, token: str, params: Json) -> Json:
        method = self._methods.get(name)
        if method is None:
            raise ApiError("unknown_method")
        self._check_token(name, token)
        check_scope(self._workspace, name, params)
        return method(self._workspace, decode(params))

    def _check_token(self, name: str, token: str) -> None:
        known = {self._workspace.bot_token: False, self._workspace.app_token: True}
        if not token:
            raise ApiError("not_authed")
        if token not in known:
            raise ApiError("invalid_auth")
        if known[token] != (name == APP_TOKEN_METHOD):
            raise ApiError("not_allowed_token_type")
