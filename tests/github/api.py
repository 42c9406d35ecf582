"""The operations of GitHub's REST API that the stand-in has."""

import re

import shapes
from history import reachable

LONGEST_DESCRIPTION = 140
LONGEST_COMMENT = 65_536


class Refused(Exception):
    """An answer that is a refusal."""

    def __init__(self, status, message, **more):
        super().__init__(message)
        self.status = status
        usual = {"message": message, "documentation_url": "https://docs.github.com/rest", "status": str(status)}
        self.document = {**usual, **more}


def set_status(call, owner, repo, sha):
    history = call.repository.history
    if not re.fullmatch("[0-9a-f]{40}", sha) or (history.is_known and sha not in history.commits()):
        raise Refused(422, f"No commit found for SHA: {sha}")
    if len(call.body.get("description") or "") > LONGEST_DESCRIPTION:
        error = f"description is too long (maximum is {LONGEST_DESCRIPTION} characters)"
        raise Refused(422, "Validation Failed", errors=[{"code": "custom", "message": error}])
    status = shapes.status(call.api, call.repository.name, sha, call.repository.number(), call.body)
    call.repository.statuses.setdefault(sha, []).insert(0, status)
    return 201, status


def list_statuses(call, owner, repo, ref):
    statuses = call.repository.statuses.get(call.repository.history.resolve(ref), [])
    return 200, call.page(statuses)


def combined_status(call, owner, repo, ref):
    """The latest of each context, and the worst of them."""
    sha = call.repository.history.resolve(ref)
    latest = {}
    for status in call.repository.statuses.get(sha, []):
        latest.setdefault(status["context"].lower(), status)
    states = {status["state"] for status in latest.values()}
    state = "failure" if states & {"error", "failure"} else "success" if states == {"success"} else "pending"
    url = f"{call.api}/repos/{call.repository.name}/commits/{sha}"
    simple = [{key: value for key, value in status.items() if key != "creator"} for status in latest.values()]
    return 200, {
        "state": state,
        "statuses": call.page(simple),
        "sha": sha,
        "total_count": len(simple),
        "repository": shapes.repository(call.api, call.repository.name),
        "commit_url": url,
        "url": f"{url}/status",
    }


def list_comments(call, owner, repo, issue_number):
    found = [comment for comment in call.repository.comments.values() if comment["issue_url"].endswith(f"/{issue_number}")]
    return 200, call.page(found)


def create_comment(call, owner, repo, issue_number):
    return 201, call.repository.comment(call.api, int(issue_number), fitting(call.body["body"]), shapes.user())


def fitting(text):
    if not text.strip() or len(text) > LONGEST_COMMENT:
        error = {"resource": "IssueComment", "field": "data", "code": "unprocessable", "message": "Body is too long or blank"}
        raise Refused(422, "Validation Failed", errors=[error])
    return text


def the_comment(call, number):
    try:
        return call.repository.comments[int(number)]
    except KeyError:
        raise Refused(404, "Not Found") from None


def get_comment(call, owner, repo, comment_id):
    return 200, the_comment(call, comment_id)


def update_comment(call, owner, repo, comment_id):
    comment = the_comment(call, comment_id)
    if comment["user"]["login"] != shapes.user()["login"]:
        raise Refused(403, "Resource not accessible by integration")
    comment.update(body=fitting(call.body["body"]), updated_at=shapes.now())
    return 200, comment


def check_runs(call, owner, repo, ref):
    sha = call.repository.history.resolve(ref)
    given = [run for run in call.repository.check_runs if run["head_sha"] == sha]
    found = [shapes.check_run(call.api, call.repository.name, number, run) for number, run in enumerate(given, 1)]
    if dict(call.query).get("page", "1") == "1":
        for run in given:
            run["asked"] = run.get("asked", 0) + 1
    return 200, {"total_count": len(found), "check_runs": call.page(found)}


def get_repository(call, owner, repo):
    return 200, shapes.full_repository(call.api, call.repository.name, call.repository.default_branch())


def the_branches(call, ref, matches):
    branches = call.repository.branches()
    found = [(name, sha) for name, sha in sorted(branches.items()) if matches(f"heads/{name}", ref)]
    return [shapes.reference(call.api, call.repository.name, name, sha) for name, sha in found]


def get_reference(call, owner, repo, ref):
    found = the_branches(call, ref, str.__eq__)
    if not found:
        raise Refused(404, "Not Found")
    return 200, found[0]


def matching_references(call, owner, repo, ref):
    return 200, the_branches(call, ref, str.startswith)


def pulls_of_commit(call, owner, repo, commit_sha):
    found = call.repository.pulls.get(call.repository.history.resolve(commit_sha), [])
    return 200, call.page([shapes.listed_pull_request(call.api, call.repository.name, **pull) for pull in found])


def compare(call, owner, repo, basehead):
    history = call.repository.history
    if basehead.count("...") != 1:
        raise Refused(404, "Not Found")
    base, head = (history.resolve(ref) for ref in basehead.split("..."))
    commits = history.commits() if history.is_known else {}
    of_base, of_head = reachable(commits, base), reachable(commits, head)
    common = [sha for sha in of_head if sha in of_base]
    if not of_base or not of_head or not common:
        raise Refused(404, "Not Found")
    ahead = [commit for sha, commit in of_head.items() if sha not in of_base]
    behind = [sha for sha in of_base if sha not in of_head]
    words = {(False, False): "identical", (True, False): "ahead", (False, True): "behind", (True, True): "diverged"}
    name = call.repository.name
    url, page = f"{call.api}/repos/{name}/compare/{basehead}", f"https://github.com/{name}/compare/{basehead}"
    return 200, {
        "url": url,
        "html_url": page,
        "permalink_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "base_commit": shapes.commit(call.api, name, of_base[base]),
        "merge_base_commit": shapes.commit(call.api, name, of_base[common[0]]),
        "status": words[bool(ahead), bool(behind)],
        "ahead_by": len(ahead),
        "behind_by": len(behind),
        "total_commits": len(ahead),
        "commits": [shapes.commit(call.api, name, commit) for commit in call.page(list(reversed(ahead)))],
        "files": [],
    }


def the_run(call, run_id):
    try:
        return shapes.run(call.api, call.repository.name, int(run_id), call.repository.runs[int(run_id)])
    except KeyError:
        raise Refused(404, "Not Found") from None


def get_run(call, owner, repo, run_id):
    return 200, the_run(call, run_id)


def runs_of_workflow(call, owner, repo, workflow_id):
    query = dict(call.query)
    # `>=2026-11-22T10:00:00Z`, the one form that is known here. Times of that form are in order as texts.
    since = re.fullmatch(r">=(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", query["created"]).group(1)
    runs = [the_run(call, number) for number in sorted(call.repository.runs, reverse=True)]
    found = [run for run in runs if run["workflow_id"] == int(workflow_id) and run["created_at"] >= since]
    found = [run for run in found if run["event"] == query.get("event", run["event"])]
    return 200, {"total_count": len(found), "workflow_runs": call.page(found)}


def jobs_of_run(call, owner, repo, run_id):
    run = the_run(call, run_id)
    given = call.repository.runs[int(run_id)].get("jobs", [])
    found = [shapes.job(call.api, call.repository.name, run, number, job) for number, job in enumerate(given, 1)]
    return 200, {"total_count": len(found), "jobs": call.page(found)}


def reviews_of_run(call, owner, repo, run_id):
    the_run(call, run_id)
    reviews = call.repository.runs[int(run_id)].get("reviews", [])
    return 200, [shapes.review(call.api, call.repository.name, given) for given in reviews]


def the_environment(call, environment_name):
    for number, (name, given) in enumerate(call.repository.environments.items(), 7):
        if name.lower() == environment_name.lower():
            return shapes.environment(call.api, call.repository.name, number, name, given), given
    raise Refused(404, "Not Found")


def get_environment(call, owner, repo, environment_name):
    return 200, the_environment(call, environment_name)[0]


def branch_policies(call, owner, repo, environment_name):
    _, given = the_environment(call, environment_name)
    branches = given.get("branches", ["main"])
    found = [shapes.branch_policy(number, name) for number, name in enumerate(branches, 1)] if isinstance(branches, list) else []
    return 200, {"total_count": len(found), "branch_policies": call.page(found)}


def collaborator_permission(call, owner, repo, username):
    for who, level in call.repository.people.items():
        if who.lower() == username.lower():
            return 200, shapes.permission(level, who)
    raise Refused(404, "Not Found")


def get_content(call, owner, repo, path):
    ref = dict(call.query)["ref"]
    text = call.repository.history.file(ref, path)
    if text is None:
        raise Refused(404, "Not Found")
    return 200, shapes.content(call.api, call.repository.name, path, ref, text)


def get_pull(call, owner, repo, pull_number):
    try:
        given = call.repository.pull_requests[int(pull_number)]
    except KeyError:
        raise Refused(404, "Not Found") from None
    return 200, shapes.pull_request(call.api, call.repository.name, int(pull_number), given)


# Method, path of the description, the permissions of which one is enough, and what answers.
STATUSES = "/repos/{owner}/{repo}/statuses/{sha}"
COMMIT = "/repos/{owner}/{repo}/commits/{ref}"
COMMENTS = "/repos/{owner}/{repo}/issues/{issue_number}/comments"
COMMENT = "/repos/{owner}/{repo}/issues/comments/{comment_id}"
RUN = "/repos/{owner}/{repo}/actions/runs/{run_id}"
ENVIRONMENT = "/repos/{owner}/{repo}/environments/{environment_name}"
ROUTES = [
    ("POST", STATUSES, ["statuses=write"], set_status),
    ("GET", f"{COMMIT}/statuses", ["statuses=read"], list_statuses),
    ("GET", f"{COMMIT}/status", ["statuses=read"], combined_status),
    ("GET", f"{COMMIT}/check-runs", ["checks=read"], check_runs),
    ("GET", "/repos/{owner}/{repo}", ["metadata=read"], get_repository),
    ("GET", "/repos/{owner}/{repo}/git/ref/{ref}", ["contents=read"], get_reference),
    ("GET", "/repos/{owner}/{repo}/git/matching-refs/{ref}", ["contents=read"], matching_references),
    ("GET", "/repos/{owner}/{repo}/commits/{commit_sha}/pulls", ["pull_requests=read"], pulls_of_commit),
    ("GET", COMMENTS, ["issues=read", "pull_requests=read"], list_comments),
    ("POST", COMMENTS, ["issues=write", "pull_requests=write"], create_comment),
    ("GET", COMMENT, ["issues=read", "pull_requests=read"], get_comment),
    ("PATCH", COMMENT, ["issues=write", "pull_requests=write"], update_comment),
    ("GET", "/repos/{owner}/{repo}/compare/{basehead}", ["contents=read"], compare),
    ("GET", "/repos/{owner}/{repo}/pulls/{pull_number}", ["pull_requests=read"], get_pull),
    ("GET", f"{RUN}", ["actions=read"], get_run),
    ("GET", f"{RUN}/jobs", ["actions=read"], jobs_of_run),
    ("GET", f"{RUN}/approvals", ["actions=read"], reviews_of_run),
    ("GET", "/repos/{owner}/{repo}/actions/workflows/{workflow_id}/runs", ["actions=read"], runs_of_workflow),
    ("GET", ENVIRONMENT, ["actions=read"], get_environment),
    ("GET", f"{ENVIRONMENT}/deployment-branch-policies", ["actions=read"], branch_policies),
    ("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", ["metadata=read"], collaborator_permission),
    ("GET", "/repos/{owner}/{repo}/contents/{path}", ["contents=read"], get_content),
]
SERVED = [(method, template) for method, template, _, _ in ROUTES]


def route(operation):
    """Who may use an operation, and what answers it."""
    for method, template, permissions, answer in ROUTES:
        if (method, template) == (operation.method, operation.template):
            return permissions, answer
    raise KeyError(operation.template)
