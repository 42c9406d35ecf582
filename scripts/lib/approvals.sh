# shellcheck shell=bash
# The demo's part about approval: what GitHub (here a small fake) says of runs that people started.
# shellcheck disable=SC2154 # `directory` and `shop` are those of scripts/demo

# The commit of shipgate whose workflows the shop trusts.
readonly trusted=shipgate/shipgate@0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f

# github_knows JSON: adds to what the fake GitHub knows of the repository.
github_knows() {
    curl --silent --show-error --fail --output /dev/null --data "$1" \
        "$GITHUB_API_URL/_stand-in/repositories/$GITHUB_REPOSITORY"
}

# github_run NUMBER PERSON WORKFLOW TITLE JOB: a run that a person started.
github_run() {
    local status='"in_progress"' conclusion=null
    if [[ $3 == promote ]]; then
        status='"completed"' conclusion='"success"'
    fi
    github_knows "{\"runs\": {\"$1\": {
        \"event\": \"workflow_dispatch\", \"head_sha\": \"$(git rev-parse HEAD)\", \"workflow_id\": ${#3},
        \"actor\": \"$2\", \"triggering_actor\": \"$2\", \"status\": $status, \"conclusion\": $conclusion,
        \"display_title\": \"$4\", \"jobs\": [{\"name\": \"$5\"}],
        \"referenced_workflows\": [{
            \"path\": \"${trusted%@*}/.github/workflows/$3.yml@${trusted#*@}\", \"sha\": \"${trusted#*@}\"}]}}}"
}

# plan_as PERSON NUMBER: the job `plan` of promote.yml. Sets `digest`.
plan_as() {
    become_job main
    run "GITHUB_RUN_ID=$2 shipgate plan promote production"
    expect_output 'waits for 1 approval'
    # People read twelve digits of it; the names of jobs have all.
    digest=$(GITHUB_RUN_ID=$2 shipgate -q plan promote production --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["plan_digest"])')
    github_run "$2" "$1" promote Promote "promote / plan $digest for production"
}

# carry_out_as PERSON NUMBER PLAN-RUN EXIT-CODE: the run of approve.yml that a person started for the plan of a run.
carry_out_as() {
    become_job production
    github_run "$2" "$1" approve "approve $3 $digest" "approve / approve"
    run "GITHUB_RUN_ID=$2 shipgate promote production --plan-run $3 --expect-plan $digest" "$4"
    become_job main
}

approvals() {
    become_job main
    explain "From now on production asks a second person, as a private repository without GitHub Enterprise has to."
    run "sed -i 's/^approval = \"none\"\$/approval = { by = \"second-person\" }/' shipgate.toml"
    run "printf '\n[github]\nworkflows = \"$trusted\"\n' >>shipgate.toml"
    run 'git commit --quiet --all --message "Ask a second person before production changes"'
    deploy_to_stage
    github_knows "{\"git\": \"$shop\", \"people\": {\"ana\": \"admin\", \"ben\": \"write\"}}"
    explain "Ana starts promote.yml. It plans, and ends."
    plan_as ana 100
    explain "No person has approved: a job that goes on all the same is refused."
    become_job production
    run 'GITHUB_RUN_ID=101 shipgate -q promote production' 3
    expect_output 'nothing says that people were asked about this plan'
    explain "Ana approves her own plan."
    carry_out_as ana 102 100 3
    expect_output 'the person who planned started it'
    explain "Ben approves it: his run carries it out."
    carry_out_as ben 103 100 0
    expect_release "$PRODUCTION_URL" HEAD
    explain "The history of production names him."
    run 'shipgate history production --component backend --limit 1'
    expect_output 'approved by ben'
    explain "The next one is planned; then one person, alone, takes production back to what served before."
    run 'sed -i "s/desk lamp/reading lamp/" backend/products.json'
    run 'git commit --quiet --all --message "Sell a reading lamp"'
    deploy_to_stage
    plan_as ana 104
    become_job production
    run 'GITHUB_RUN_ID=105 shipgate -q rollback production'
    explain "Ben approves a plan that production has left behind."
    carry_out_as ben 106 104 4
    expect_output 'has moved'
}
