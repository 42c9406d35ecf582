"""Documents as GitHub writes them, with all that the official description demands of them."""

import base64
import hashlib
from datetime import datetime, timezone


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def person(given):
    """Somebody whom a test has named: by login, or with number and type."""
    known = {"login": given} if isinstance(given, str) else given
    # A number of their own, the same each time.
    number = known.get("id", 1000 + sum(known["login"].lower().encode()))
    return {**user(known["login"], known.get("type", "User")), "id": number}


def user(login="github-actions[bot]", kind="Bot"):
    url = f"https://api.github.com/users/{login}"
    parts = ["followers", "subscriptions", "organizations", "repos", "received_events"]
    links = {f"{part}_url": f"{url}/{part}" for part in parts}
    return {
        "login": login,
        "id": 41898282,
        "node_id": "MDM6Qm90NDE4OTgyODI=",
        "avatar_url": "https://avatars.githubusercontent.com/in/15368?v=4",
        "gravatar_id": "",
        "url": url,
        "html_url": f"https://github.com/{login}",
        "following_url": f"{url}/following{{/other_user}}",
        "gists_url": f"{url}/gists{{/gist_id}}",
        "starred_url": f"{url}/starred{{/owner}}{{/repo}}",
        "events_url": f"{url}/events{{/privacy}}",
        "type": kind,
        "site_admin": False,
        **links,
    }


def repository(api, name):
    """As other documents hold it."""
    url = f"{api}/repos/{name}"
    parts = (
        "archive assignees blobs branches collaborators comments commits compare contents contributors deployments "
        "downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels "
        "languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags "
        "teams trees"
    )
    owner = user(name.split("/")[0], "Organization")
    return {
        "id": 1296269,
        "node_id": "MDEwOlJlcG9zaXRvcnkxMjk2MjY5",
        "name": name.split("/")[1],
        "full_name": name,
        "owner": owner,
        "private": True,
        "html_url": f"https://github.com/{name}",
        "description": None,
        "fork": False,
        "url": url,
        **{f"{part}_url": f"{url}/{part}" for part in parts.split()},
    }


def status(api, repository_name, sha, number, body):
    at = now()
    return {
        "url": f"{api}/repos/{repository_name}/statuses/{sha}",
        "avatar_url": "https://avatars.githubusercontent.com/in/15368?v=4",
        "id": number,
        "node_id": f"SC_{number}",
        "state": body["state"],
        "description": body.get("description"),
        "target_url": body.get("target_url"),
        "context": body.get("context", "default"),
        "created_at": at,
        "updated_at": at,
        "creator": user(),
    }


def comment(api, repository_name, issue, number, body, author):
    at = now()
    return {
        "id": number,
        "node_id": f"IC_{number}",
        "url": f"{api}/repos/{repository_name}/issues/comments/{number}",
        "html_url": f"https://github.com/{repository_name}/pull/{issue}#issuecomment-{number}",
        "issue_url": f"{api}/repos/{repository_name}/issues/{issue}",
        "body": body,
        "user": author,
        "created_at": at,
        "updated_at": at,
        "author_association": "NONE",
        "performed_via_github_app": None,
    }


def commit(api, repository_name, found):
    url = f"{api}/repos/{repository_name}"
    page = f"https://github.com/{repository_name}/commit"
    person = {"name": found.name, "email": found.email, "date": found.date}

    def parent(sha):
        return {"sha": sha, "url": f"{url}/commits/{sha}", "html_url": f"{page}/{sha}"}

    return {
        "url": f"{url}/commits/{found.sha}",
        "sha": found.sha,
        "node_id": f"C_{found.sha}",
        "html_url": f"{page}/{found.sha}",
        "comments_url": f"{url}/commits/{found.sha}/comments",
        "commit": {
            "url": f"{url}/git/commits/{found.sha}",
            "author": person,
            "committer": person,
            "message": found.message,
            "comment_count": 0,
            "tree": {"sha": found.sha, "url": f"{url}/git/trees/{found.sha}"},
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "signature": None,
                "payload": None,
                "verified_at": None,
            },
        },
        # GitHub also has null here, which its description allows in a way that the validator does not see.
        "author": user(),
        "committer": user(),
        "parents": [parent(sha) for sha in found.parents],
    }


def pull_request(api, repository_name, number, given):
    """A pull request. `given`: what a test has said of it, with the commit it was merged as where it is merged. One that
    is not has the commit that only tried the merge."""
    at = now()
    repos, page = f"{api}/repos/{repository_name}", f"https://github.com/{repository_name}/pull/{number}"
    url, issue = f"{repos}/pulls/{number}", f"{repos}/issues/{number}"
    merged = given.get("merged", False)
    links = {
        "self": url,
        "html": page,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{repos}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{repos}/statuses/{'1' * 40}",
    }

    def side(ref, sha):
        owner = user(repository_name.split("/")[0], "Organization")
        repo = full_repository(api, repository_name, "main")
        return {"label": f"{owner['login']}:{ref}", "ref": ref, "sha": sha, "user": owner, "repo": repo}

    return {
        "id": number,
        "node_id": f"PR_{number}",
        "number": number,
        "title": "Change",
        "body": None,
        "state": "closed" if merged else "open",
        "locked": False,
        "url": url,
        "html_url": page,
        "diff_url": f"{page}.diff",
        "patch_url": f"{page}.patch",
        "issue_url": issue,
        **{f"{name}_url": links[name] for name in ("comments", "commits", "review_comments", "review_comment", "statuses")},
        "_links": {name: {"href": link} for name, link in links.items()},
        "user": user("eva", "User"),
        "author_association": "MEMBER",
        "assignee": None,
        "auto_merge": None,
        "labels": [],
        "milestone": None,
        "base": side("main", "2" * 40),
        "head": side("change", "1" * 40),
        "created_at": at,
        "updated_at": at,
        "closed_at": at if merged else None,
        "merged": merged,
        "merged_at": at if merged else None,
        "merged_by": user("eva", "User") if merged else None,
        "merge_commit_sha": given.get("merge_commit_sha", "3" * 40),
        "mergeable": None if merged else True,
        "mergeable_state": "unknown" if merged else "clean",
        "maintainer_can_modify": False,
        **{count: 0 for count in ("additions", "changed_files", "comments", "commits", "deletions", "review_comments")},
    }


def run(api, repository_name, number, given):
    """A workflow run. `given`: what a test has said of it."""
    url = f"{api}/repos/{repository_name}/actions/runs/{number}"
    at = now()
    sha = given.get("head_sha", "0" * 40)
    author = {"name": "Tester", "email": "tester@shop.example"}
    found = {
        "id": number,
        "name": "Deploy",
        "node_id": f"WFR_{number}",
        "head_branch": "main",
        "head_sha": sha,
        "path": ".github/workflows/deploy-stage.yml",
        "run_number": 1,
        "run_attempt": 1,
        "display_title": "Deploy",
        "event": "push",
        "status": "in_progress",
        "conclusion": None,
        "workflow_id": 1,
        "url": url,
        "html_url": f"https://github.com/{repository_name}/actions/runs/{number}",
        "created_at": at,
        "updated_at": at,
        "pull_requests": [],
        "head_commit": {
            "id": sha, "tree_id": sha, "message": "", "timestamp": at, "author": author, "committer": author,
        },
        "repository": repository(api, repository_name),
        "head_repository": repository(api, repository_name),
        **{f"{part}_url": f"{url}/{part}" for part in "jobs logs check_suite artifacts cancel rerun workflow".split()},
    }
    more = {key: value for key, value in given.items() if key not in ("jobs", "reviews")}
    for who in ("actor", "triggering_actor"):
        if who in more:
            more[who] = person(more[who])
    if "fork" in more:
        fork = {**repository(api, more.pop("fork")), "id": 99}
        more["head_repository"] = fork
    return {**found, **more}


def job(api, repository_name, run, number, given):
    """A job of a run. `given`: its name, and how it ended."""
    url = f"{api}/repos/{repository_name}/actions/jobs/{number}"
    at = now()
    return {
        "id": number,
        "run_id": run["id"],
        "run_url": run["url"],
        "run_attempt": run["run_attempt"],
        "node_id": f"CR_{number}",
        "head_sha": run["head_sha"],
        "url": url,
        "html_url": f"https://github.com/{repository_name}/actions/runs/{run['id']}/job/{number}",
        "status": "completed",
        "conclusion": given.get("conclusion", "success"),
        "created_at": at,
        "started_at": at,
        "completed_at": at,
        "name": given["name"],
        "steps": [],
        "check_run_url": f"{api}/repos/{repository_name}/check-runs/{number}",
        "labels": ["ubuntu-24.04"],
        "runner_id": 1,
        "runner_name": "GitHub Actions 1",
        "runner_group_id": 0,
        "runner_group_name": "GitHub Actions",
        "workflow_name": run["name"],
        "head_branch": run["head_branch"],
    }


def review(api, repository_name, given):
    """A decision of a reviewer: of which environments, and by whom."""
    url = f"{api}/repos/{repository_name}/environments"
    environments = [
        {
            "id": number,
            "node_id": f"EN_{number}",
            "name": name,
            "url": f"{url}/{name}",
            "html_url": f"https://github.com/{repository_name}/deployments/activity_log?environments_filter={name}",
            "created_at": now(),
            "updated_at": now(),
        }
        for number, name in enumerate(given["environments"], 1)
    ]
    return {"environments": environments, "state": given["state"], "user": person(given["by"]), "comment": ""}


def environment(api, repository_name, number, name, given):
    """An environment of GitHub. `given`: its reviewers, whether these may approve their own runs, its branches, and
    whether administrators can go past all that."""
    rules = []
    if given.get("reviewers"):
        reviewers = [{"type": "User", "reviewer": person(reviewer)} for reviewer in given["reviewers"]]
        rules.append({
            "id": 1,
            "node_id": "GA_1",
            "type": "required_reviewers",
            "prevent_self_review": given.get("prevent_self_review", True),
            "reviewers": reviewers,
        })
    branches = given.get("branches", ["main"])
    policy = {"protected_branches": branches == "protected", "custom_branch_policies": isinstance(branches, list)}
    if branches is not None:
        rules.append({"id": 2, "node_id": "GA_2", "type": "branch_policy"})
    found = {
        "id": number,
        "node_id": f"EN_{number}",
        "name": name,
        "url": f"{api}/repos/{repository_name}/environments/{name}",
        "html_url": f"https://github.com/{repository_name}/deployments/activity_log?environments_filter={name}",
        "created_at": now(),
        "updated_at": now(),
        "protection_rules": rules,
        "deployment_branch_policy": None if branches is None else policy,
    }
    # GitHub has it in its answers, and not in its description.
    bypass = given.get("can_admins_bypass", False)
    return found if bypass is None else {**found, "can_admins_bypass": bypass}


def branch_policy(number, given):
    return {"id": number, "node_id": f"BP_{number}", "name": given.removeprefix("tag "),
            "type": "tag" if given.startswith("tag ") else "branch"}


def permission(given, who):
    """What somebody may do: `admin`, `write`, `read`, `none`."""
    may = {level: False for level in ("pull", "triage", "push", "maintain", "admin")}
    user_of = {**person(who), "role_name": given, "permissions": may}
    return {"permission": given, "role_name": given, "user": user_of}


def content(api, repository_name, path, ref, text):
    url = f"{api}/repos/{repository_name}/contents/{path}?ref={ref}"
    blob = hashlib.sha1(b"blob %d\0" % len(text) + text).hexdigest()
    git = f"{api}/repos/{repository_name}/git/blobs/{blob}"
    page = f"https://github.com/{repository_name}/blob/{ref}/{path}"
    return {
        "type": "file",
        "encoding": "base64",
        "size": len(text),
        "name": path.split("/")[-1],
        "path": path,
        "content": base64.encodebytes(text).decode(),
        "sha": blob,
        "url": url,
        "git_url": git,
        "html_url": page,
        "download_url": None,
        "_links": {"git": git, "self": url, "html": page},
    }


def full_repository(api, repository_name, default_branch):
    """As a repository's own address holds it."""
    page = f"https://github.com/{repository_name}"
    counts = "forks forks_count open_issues open_issues_count size stargazers_count watchers watchers_count network_count "
    counts += "subscribers_count"
    return {
        **repository(api, repository_name),
        "default_branch": default_branch,
        "clone_url": f"{page}.git",
        "git_url": f"git://github.com/{repository_name}.git",
        "ssh_url": f"git@github.com:{repository_name}.git",
        "svn_url": page,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
        "archived": False,
        "disabled": False,
        "pushed_at": now(),
        "created_at": now(),
        "updated_at": now(),
        **{f"has_{part}": False for part in "issues projects wiki pages discussions downloads".split()},
        **dict.fromkeys(counts.split(), 0),
    }


def reference(api, repository_name, branch, sha):
    url = f"{api}/repos/{repository_name}/git"
    return {
        "ref": f"refs/heads/{branch}",
        "node_id": f"REF_{branch}",
        "url": f"{url}/refs/heads/{branch}",
        "object": {"type": "commit", "sha": sha, "url": f"{url}/commits/{sha}"},
    }


def check_run(api, repository_name, number, given):
    """A check run. `given`: what a test has said of it."""
    url = f"{api}/repos/{repository_name}/check-runs/{number}"
    is_open = given.get("asked", 0) < given.get("open_for", 0)
    page = f"https://github.com/{repository_name}/actions/runs/{given.get('run', 99)}/job/{number}"
    return {
        "id": number,
        "node_id": f"CR_{number}",
        "external_id": "",
        "head_sha": given["head_sha"],
        "name": given["name"],
        "url": url,
        "html_url": page,
        "details_url": page,
        "status": "in_progress" if is_open else given.get("status", "completed"),
        "conclusion": None if is_open else given.get("conclusion"),
        "started_at": now(),
        "completed_at": None,
        "output": {"title": None, "summary": None, "text": None, "annotations_count": 0, "annotations_url": f"{url}/annotations"},
        "check_suite": {"id": number},
        "app": None,
        "pull_requests": [],
    }


# What an answer about one pull request has, and a list of them has not.
ALONE = (
    "additions changed_files comments commits deletions maintainer_can_modify mergeable mergeable_state merged merged_by "
    "review_comments"
).split()


def listed_pull_request(api, repository_name, number, merged=True):
    """A pull request in a list."""
    whole = pull_request(api, repository_name, number, {"merged": merged})
    return {name: value for name, value in whole.items() if name not in ALONE}
