"""GitHub's OIDC provider, as a step of a job finds it.

The token that opens it (ACTIONS_ID_TOKEN_REQUEST_TOKEN) is the `sub` that the job's tokens shall have, so that whoever
asks decides which job it is: `repo:OWNER/NAME:ref:refs/heads/BRANCH`, `repo:OWNER/NAME:pull_request` or
`repo:OWNER/NAME:environment:NAME`. Behind it, after a blank, may stand more claims as JSON (`{"ref": "refs/heads/main"}`);
those that are null the token does not have. The tokens are not signed: the emulator looks at what they say, not at who made them.
See https://docs.github.com/en/actions/reference/security/oidc
"""

import base64
import json
import time
import uuid

ISSUER = "https://token.actions.githubusercontent.com"


def encoded(value):
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def claims(subject, audience, more):
    _, repository, *context = subject.split(":")
    issued = int(time.time())
    found = {
        "iss": ISSUER,
        "sub": subject,
        "aud": audience,
        "jti": str(uuid.uuid4()),
        "iat": issued,
        "exp": issued + 300,
        "repository": repository,
        "repository_owner": repository.split("/")[0],
        "ref": context[1] if context[0] == "ref" else "refs/heads/main",
    }
    if context[0] == "environment":
        found["environment"] = context[1]
    return {name: value for name, value in (found | more).items() if value is not None}


def answer(bearer, audience):
    """The status and the document for whoever asks with this as the bearer token."""
    subject, _, more = bearer.partition(" ")
    if not subject.startswith("repo:") or subject.count(":") < 2:
        return 401, {"message": "unauthorized"}
    owner = subject.split(":")[1].split("/")[0]
    document = claims(subject, audience or f"https://github.com/{owner}", json.loads(more or "{}"))
    token = f"{encoded({'typ': 'JWT', 'alg': 'RS256'})}.{encoded(document)}.bm9uZQ"
    return 200, {"count": len(token), "value": token}
