# The tasks of this repository: `just --list` shows them. Each is a command that also works without `just`.

# Show the tasks
default:
    @just --list

# Run the tests that need no cloud and no root; a FILTER runs only those with it in their name
test *FILTER:
    cargo test --locked {{ FILTER }}

# Check scripts, workflows, style, words, dependencies and lints, without running a test
lint:
    scripts/lint

# Run everything, with root, on a local cloud of its own; SHIPGATE_TEST_PORT moves that cloud off a port that is taken
everything PORT="4567":
    SHIPGATE_TEST_PORT={{ PORT }} scripts/test

# Build the book of docs/ in target/book
book:
    scripts/book

# Write what users read anew: tests/golden and generated parts of pages; then review the difference
golden:
    SHIPGATE_UPDATE_GOLDEN=1 cargo test golden

# Write the JSON Schemas of shipgate.toml and of the output anew
schema:
    SHIPGATE_UPDATE_SCHEMA=1 cargo test schema

# Write the generated pages anew: commands, keys, JSON, rules; after `schema` where that changes too
docs:
    SHIPGATE_UPDATE_DOCS=1 cargo test generated_page

# Write action/action.yml anew, from action.yml
action:
    SHIPGATE_UPDATE_ACTION=1 cargo test offline_workflows

# Write docs/images/summary.png anew, with Chromium: the page of a run, as GitHub shows it
screenshot:
    SHIPGATE_UPDATE_SCREENSHOT=1 cargo test page_in_the_readme -- --ignored

# Start a local cloud; a second one needs a port and a directory of its own
up PORT="4566" DIR="target/stack":
    SHIPGATE_STACK_PORT={{ PORT }} SHIPGATE_STACK_DIR={{ DIR }} scripts/stack up

# Start a local cloud that verifies no signature and enforces no IAM policy
up-without-auth PORT="4566" DIR="target/stack":
    SHIPGATE_STACK_AUTH=false SHIPGATE_STACK_PORT={{ PORT }} SHIPGATE_STACK_DIR={{ DIR }} scripts/stack up

# Print the variables of a job for a local cloud: eval "$(just env)"
env JOB="main" DIR="target/stack":
    @SHIPGATE_STACK_DIR={{ DIR }} scripts/stack env {{ JOB }}

# Stop a local cloud and remove all that is in it
down DIR="target/stack":
    SHIPGATE_STACK_DIR={{ DIR }} scripts/stack down

# Show a shop that is deployed, promoted and rolled back; BINARY is shown instead of building one
demo BINARY="":
    SHIPGATE_BINARY={{ BINARY }} scripts/demo

# Measure shipgate beside other tools; ARGUMENTS are those of scripts/bench, and BINARY is measured instead of a debug build
bench BINARY="" *ARGUMENTS:
    SHIPGATE_BINARY={{ BINARY }} scripts/bench {{ ARGUMENTS }}

# The same, and beside the official action; CHECKOUT is one of aws-actions/amazon-ecs-deploy-task-definition
bench-official CHECKOUT *ARGUMENTS:
    SHIPGATE_BENCH_OFFICIAL_ACTION={{ CHECKOUT }} scripts/bench {{ ARGUMENTS }}
