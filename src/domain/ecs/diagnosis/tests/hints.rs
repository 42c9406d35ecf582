//! Messages as AWS and programs write them → a part of the hint.

use super::super::exit::EXITS;
use super::super::finding::{DiagnosedCause, What};
use super::super::hints::{By, Facts, of_ecs, of_log, rows};
use super::super::seen::DiagnosedRevision;
use crate::domain::ecs::task_definition::TaskDefinition;

/// What ECS, its engine, and load balancers say.
const OF_ECS: &[(&str, &str)] = &[
    (
        "CannotPullContainerError: inspect image has been retried 5 time(s): httpReadSeeker: failed open: unexpected status \
         code https://registry-1.docker.io/v2/library/nginx/manifests/sha256:aa: 429 Too Many Requests - Server message: \
         toomanyrequests: You have reached your pull rate limit.",
        "into Amazon ECR",
    ),
    (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): image Manifest does not contain \
         descriptor matching platform 'linux/amd64'",
        "cpuArchitecture",
    ),
    (
        "CannotPullContainerError: Error response from daemon: no matching manifest for linux/arm64/v8 in the manifest list \
         entries: no match for platform in manifest: not found",
        "cpuArchitecture",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable \
         to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: User: \
         arn:aws:sts::123456789012:assumed-role/start/x is not authorized to perform: ecr:GetAuthorizationToken on \
         resource: * because no identity-based policy allows the ecr:GetAuthorizationToken action",
        "allow execution role `start` to pull",
    ),
    (
        "CannotPullContainerError: Error response from daemon: pull access denied for 123456789012.dkr.ecr.us-east-1.\
         amazonaws.com/shop, repository does not exist or may require 'docker login': denied: User: x",
        "allow execution role `start` to pull",
    ),
    (
        "CannotPullContainerError: ref pull has been retried 1 time(s): failed to unpack image on snapshotter overlayfs: \
         failed to extract layer sha256:aa: write /var/lib/x: no space left on device: unknown",
        "ephemeralStorage",
    ),
    (
        "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref \
         \"123456789012.dkr.ecr.us-east-1.amazonaws.com/api:v42\": failed to do request: Head \
         \"https://123456789012.dkr.ecr.us-east-1.amazonaws.com/v2/api/manifests/v42\": dial tcp 10.0.3.17:443: i/o timeout",
        "NAT gateway",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from \
         Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. \
         RequestError: send request failed caused by: Post \"https://api.ecr.us-east-1.amazonaws.com/\": dial tcp \
         10.0.0.1:443: i/o timeout",
        "NAT gateway",
    ),
    (
        "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
         docker.io/library/shop:1: docker.io/library/shop:1: not found",
        "push the image of container `web` again",
    ),
    (
        "CannotPullContainerError: Error response from daemon: manifest for shop:1 not found: manifest unknown: Requested \
         image not found",
        "push the image of container `web` again",
    ),
    ("CannotPullContainerError: Error response from daemon: something new", "correct what the registry says"),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable \
         to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret \
         arn:aws:secretsmanager:us-east-1:123456789012:secret:db from secrets manager: AccessDeniedException: User: \
         arn:aws:sts::123456789012:assumed-role/start/x is not authorized to perform: secretsmanager:GetSecretValue on \
         resource: arn:aws:secretsmanager:us-east-1:123456789012:secret:db because no identity-based policy allows the \
         secretsmanager:GetSecretValue action",
        "allow execution role `start` to read it",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable \
         to retrieve secrets from ssm: service call has been retried 1 time(s): AccessDeniedException: User: \
         arn:aws:sts::123456789012:assumed-role/start/x is not authorized to perform: ssm:GetParameters on resource: \
         arn:aws:ssm:us-east-1:123456789012:parameter/db",
        "`ssm:GetParameters`",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable \
         to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:x from secrets \
         manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
        "correct `valueFrom`",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable \
         to retrieve secrets from ssm: service call has been retried 1 time(s): invalid ssm parameters: /stage/db",
        "correct `valueFrom`",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable \
         to retrieve secret arn:aws:secretsmanager:us-east-1:000000000000:secret:no-such-secret for environment variable \
         DATABASE_URL",
        "correct `valueFrom`",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable \
         to retrieve secret from asm: service call has been retried 1 time(s): retrieved secret from Secrets Manager did not \
         contain json key password",
        "add the key to the secret",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable \
         to retrieve secret from asm: failed to fetch secret arn:x from secrets manager: AccessDeniedException: Access to \
         KMS is not allowed",
        "`kms:Decrypt`",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable \
         to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request context canceled \
         caused by: context deadline exceeded",
        "VPC endpoints for `secretsmanager`",
    ),
    (
        "ResourceInitializationError: unable to pull secrets or registry auth: unable to retrieve secret from asm: There is \
         a connection issue between the task and AWS Secrets Manager. Check your task network configuration.",
        "VPC endpoints for `secretsmanager`",
    ),
    (
        "ResourceInitializationError: failed to download env files: file download command: non empty error stream: \
         AccessDenied: Access Denied status code: 403",
        "`s3:GetObject`",
    ),
    (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to \
         create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.: exit status 1",
        "create log group `/ecs/stage`",
    ),
    (
        "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to \
         create Cloudwatch log stream: AccessDeniedException: User: x is not authorized to perform: logs:CreateLogStream on \
         resource: y: exit status 1",
        "`logs:CreateLogStream`",
    ),
    (
        "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: Mount attempt 1/3 \
         failed due to timeout after 15 sec, wait 0 sec before next attempt.",
        "port 2049",
    ),
    (
        "(service web) failed to launch a task with (error ECS was unable to assume the role \
         'arn:aws:iam::123456789012:role/start' that was provided for this task. Please verify that the role being passed \
         has the proper trust relationship and permissions and that your IAM user has permissions to pass this role.).",
        "let `ecs-tasks.amazonaws.com` assume",
    ),
    ("Timeout waiting for network interface provisioning to complete.", "awsvpcTrunking"),
    ("RESOURCE:ENI", "awsvpcTrunking"),
    (
        "(service web) was unable to place a task because no container instance met all of its requirements. The closest \
         matching (container-instance 1) has insufficient memory available. For more information, see the Troubleshooting \
         section.",
        "add container instances",
    ),
    ("RESOURCE:MEMORY", "add container instances"),
    (
        "(service web) was unable to place a task. Reason: Capacity is unavailable at this time. Please try again later or \
         in a different availability zone.",
        "quota of vCPUs",
    ),
    ("Your Spot Task was interrupted.", "share of `FARGATE`"),
    ("OutOfMemoryError: Container killed due to memory usage", "raise the container's `memory` of 512 MiB"),
    ("Task failed container health checks", "run `CMD-SHELL curl -f localhost/health` in the image of container `web`"),
    ("Health checks failed with these codes: [404]", "health-check path of target group `stage-web`"),
    ("Health checks failed with these codes: [301]", "without a redirect"),
    ("Health checks failed with these codes: [401]", "without a login"),
    ("Health checks failed with these codes: [400]", "`ALLOWED_HOSTS`"),
    ("Health checks failed with these codes: [502]", "0.0.0.0 and port 8000"),
    ("Health checks failed with these codes: [503]", "read the log of container `web`"),
    ("Request timed out", "receive port 8000 from that of the load balancer"),
    ("Health checks failed", "grace period"),
    (
        "CannotStartContainerError: Error response from daemon: failed to create task for container: failed to create shim \
         task: OCI runtime create failed: runc create failed: unable to start container process: exec: \"serve\": \
         executable file not found in $PATH: unknown",
        "correct `command` and `entryPoint`",
    ),
    (
        "CannotStartContainerError: Error response from daemon: OCI runtime create failed: container_linux.go:380: starting \
         container process caused: exec: \"/app/run.sh\": permission denied: unknown",
        "`RUN chmod +x FILE`",
    ),
    (
        "CannotStartContainerError: Error response from daemon: OCI runtime create failed: runc create failed: unable to \
         start container process: exec /app/shop: exec format error: unknown",
        "`platforms` of the component",
    ),
    (
        "CannotStartContainerError: Error response from daemon: driver failed programming external connectivity on endpoint \
         x: Bind for 0.0.0.0:8080 failed: port is already allocated",
        "`hostPort`",
    ),
    (
        "ResourceInitializationError: failed to download env files: There is a connection issue between the task and Amazon S3.",
        "`environmentFiles` exist",
    ),
    (
        "ResourceInitializationError: failed to validate logger args: There is a connection issue between the task and \
         Amazon CloudWatch. Check your network configuration.",
        "VPC endpoint for `logs`",
    ),
    ("Task failed to attach EBS volume to the task", "`volumeConfigurations`"),
    ("Task stopped by user", "CloudTrail"),
    ("DockerTimeoutError: Could not transition to started; timed out after waiting 3m0s", "`startTimeout`"),
];

/// What programs write.
const OF_PROGRAMS: &[(&str, &str)] = &[
    ("exec /usr/local/bin/docker-entrypoint.sh: exec format error", "`platforms` of the component"),
    ("exec /app/run.sh: no such file or directory", "Windows line endings"),
    ("/bin/sh: 1: gunicorn: not found", "correct `command`"),
    ("bash: line 1: npm: command not found", "correct `command`"),
    ("exec /app/run.sh: permission denied", "`RUN chmod +x FILE`"),
    (
        "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory",
        "`--max-old-space-size` in `NODE_OPTIONS` to three quarters of the container's `memory` of 512 MiB",
    ),
    ("Exception in thread \"main\" java.lang.OutOfMemoryError: Java heap space", "MaxRAMPercentage"),
    ("MemoryError", "raise the container's `memory` of 512 MiB"),
    ("OSError: [Errno 28] No space left on device", "ephemeralStorage"),
    ("OSError: [Errno 30] Read-only file system: '/app/cache'", "readonlyRootFilesystem"),
    ("Error: EMFILE: too many open files, open '/app/x'", "`nofile`"),
    ("Error: listen EADDRINUSE: address already in use :::3000", "a port of its own"),
    (
        "[Errno 98] error while attempting to bind on address ('0.0.0.0', 8000): address already in use",
        "port of its own",
    ),
    ("Error: listen EACCES: permission denied 0.0.0.0:80", "from 1024 on"),
    ("nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)", "from 1024 on"),
    ("Error: Cannot find module '/app/dist/main.js'", "`npm ci`"),
    ("  code: 'MODULE_NOT_FOUND',", "`npm ci`"),
    ("ModuleNotFoundError: No module named 'psycopg2'", "requirements"),
    ("ImportError: cannot import name 'url_quote' from 'werkzeug.urls'", "pin the version"),
    ("<internal:rubygems>: cannot load such file -- pg (LoadError)", "`bundle install`"),
    ("Error: Unable to access jarfile app.jar", "copy the jar"),
    ("./shop: error while loading shared libraries: libssl.so.1.1: cannot open shared object file", "last stage"),
    ("/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by ./shop)", "same base"),
    ("KeyError: 'DATABASE_URL'", "`environment` or `secrets` of container `web`"),
    ("KeyError: key not found: \"SECRET_KEY_BASE\"", "`environment` or `secrets` of container `web`"),
    ("Error: DATABASE_URL is not set", "`environment` or `secrets` of container `web`"),
    ("Error: DATABASE_URL is required (no default)", "`environment` or `secrets` of container `web`"),
    ("panic: required environment variable API_TOKEN missing", "`environment` or `secrets` of container `web`"),
    ("Error: environment variable not found: STRIPE_KEY", "`environment` or `secrets` of container `web`"),
    ("pydantic_core._pydantic_core.ValidationError: 1 validation error for Settings", "`environment` or `secrets`"),
    ("cloudshop: /products.json is not JSON: invalid character", "correct the configuration"),
    ("json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)", "correct the configuration"),
    ("SyntaxError: Unexpected token n in JSON at position 0", "correct the configuration"),
    ("yaml: line 4: mapping values are not allowed in this context", "correct the configuration"),
    ("django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty.", "correct what the line"),
    (
        "Invalid HTTP_HOST header: '10.0.1.5:8000'. You may need to add '10.0.1.5' to ALLOWED_HOSTS.",
        "`ALLOWED_HOSTS` of Django",
    ),
    (
        "psycopg2.OperationalError: connection to server at \"db\" (10.0.1.5), port 5432 failed: FATAL:  password \
         authentication failed for user \"shop\"",
        "correct user and password",
    ),
    ("ERROR 1045 (28000): Access denied for user 'shop'@'10.0.1.5' (using password: YES)", "correct user and password"),
    ("ReplyError: WRONGPASS invalid username-password pair or user is disabled.", "correct user and password"),
    (
        "error: no pg_hba.conf entry for host \"10.0.1.5\", user \"shop\", database \"shop\", no encryption",
        "`sslmode=require`",
    ),
    ("FATAL:  database \"shop\" does not exist", "create the database"),
    ("ERROR:  permission denied for table users", "grant the right"),
    ("FATAL:  sorry, too many clients already", "pool of connections"),
    ("error: relation \"products\" does not exist", "`pre-deploy` of the component"),
    ("sqlalchemy.exc.ProgrammingError: (psycopg2.errors.UndefinedTable) relation", "`pre-deploy` of the component"),
    ("no such table: products", "`pre-deploy` of the component"),
    ("Error 1146 (42S02): Table 'shop.products' doesn't exist", "`pre-deploy` of the component"),
    ("ERROR: column users.email does not exist at character 8", "`pre-deploy` of the component"),
    ("Error: getaddrinfo ENOTFOUND db.stage.internal", "host name"),
    (
        "psycopg2.OperationalError: could not translate host name \"db\" to address: Name or service not known",
        "host name",
    ),
    ("dial tcp: lookup db.stage.internal on 10.0.0.2:53: no such host", "host name"),
    ("Error: connect ETIMEDOUT 10.0.1.5:5432", "security group of that host"),
    ("dial tcp 10.0.1.5:6379: i/o timeout", "security group of that host"),
    (
        "connection to server at \"db\" (10.0.1.5), port 5432 failed: Connection timed out",
        "security group of that host",
    ),
    ("ERROR 2003 (HY000): Can't connect to MySQL server on 'db:3306' (110)", "security group of that host"),
    ("PrismaClientInitializationError: Can't reach database server at `db:5432`", "security group of that host"),
    ("Error: connect ECONNREFUSED 127.0.0.1:5432", "`localhost` is the task itself"),
    ("dial tcp 10.0.1.5:5432: connect: connection refused", "`localhost` is the task itself"),
    ("requests.exceptions.SSLError: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "`ca-certificates`"),
    ("x509: certificate signed by unknown authority", "`ca-certificates`"),
    ("Error: self-signed certificate in certificate chain", "`ca-certificates`"),
    (
        "botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling the PutObject operation: Access \
         Denied",
        "allow the action to task role `run`",
    ),
    (
        "AccessDeniedException: User: arn:aws:sts::123456789012:assumed-role/run/x is not authorized to perform: \
         dynamodb:GetItem on resource: y",
        "allow the action to task role `run`",
    ),
    ("botocore.exceptions.NoCredentialsError: Unable to locate credentials", "`taskRoleArn`"),
    ("botocore.exceptions.NoRegionError: You must specify a region.", "`AWS_REGION`"),
];

/// What is like a message of the table, and is none.
const NEAR_MISSES: &[&str] = &[
    "KeyError: 'user_id'",
    "LOG_LEVEL is not set, using default info",
    "WARN: SENTRY_DSN is not set",
    "ReferenceError: FOO is not defined",
    "the relation between orders and products",
    "migrating: table products exists",
    "listening on 0.0.0.0:5432",
    "INFO: retrying: connection refused",
    "{\"level\":\"info\",\"msg\":\"ECONNREFUSED, will retry\"}",
    "2026-11-22 08:36:20 INFO getaddrinfo ENOTFOUND, will retry",
    "GET /health 404",
    "user logged in: password ok",
    "loading module products",
    "Traceback (most recent call last):",
    "at Object.<anonymous> (/app/index.js:1:1)",
    "certificate renewed",
    "timeout set to 30",
    "exit status 1",
    "DATABASE_URL is set",
    "all permissions granted",
    "HTTPS is required",
    "see more information: relation of products",
    "",
];

/// What ECS says of tasks without a reason, or that is none.
const NO_REASONS: &[&str] = &[
    "Essential container in task exited",
    "Scaling activity initiated by (deployment ecs-svc/1)",
    "(service web) has reached a steady state.",
    "(service web) registered 1 targets in (target-group arn:aws:elasticloadbalancing:x)",
    "(service web) has started 2 tasks: (task 1) (task 2).",
    "KeyError: 'DATABASE_URL'",
    "EssentialContainerExited",
    "",
];

pub fn definition() -> TaskDefinition {
    let document = serde_json::json!({
        "family": "backend", "memory": "1024", "taskRoleArn": "arn:aws:iam::123456789012:role/run",
        "executionRoleArn": "arn:aws:iam::123456789012:role/service-role/start",
        "containerDefinitions": [
            {"name": "web", "memory": 512, "portMappings": [{"containerPort": 8000}],
             "healthCheck": {"command": ["CMD-SHELL", "curl -f localhost/health"]},
             "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": "/ecs/stage",
                "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"}}},
            {"name": "proxy"}, {"name": "init", "essential": false},
        ],
    });
    TaskDefinition::from_json(document).unwrap()
}

fn facts() -> Facts {
    let finding = DiagnosedCause { target_group: Some("stage-web".to_owned()), ..DiagnosedCause::new(What::Target) };
    let (definition, container) = (definition(), "web".parse().unwrap());
    Facts::new(&finding, DiagnosedRevision { definition: Some(&definition), container: &container })
}

fn lines(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

#[test]
fn what_ecs_says_has_its_hint() {
    for (text, part) in OF_ECS {
        let row = of_ecs(text).unwrap_or_else(|| panic!("no hint for {text}"));
        let hint = facts().fill(row.hint);
        assert!(hint.contains(part), "{text}\n  {hint}");
    }
    for text in NO_REASONS {
        assert_eq!(of_ecs(text), None, "{text}");
    }
}

#[test]
fn what_programs_write_has_its_hint() {
    for (text, part) in OF_PROGRAMS {
        let (_, row) = of_log(&lines(text)).unwrap_or_else(|| panic!("no hint for {text}"));
        let hint = facts().fill(row.hint);
        assert!(hint.contains(part), "{text}\n  {hint}");
    }
    for text in NEAR_MISSES {
        assert_eq!(of_log(&lines(text)), None, "{text}");
    }
}

#[test]
fn the_newest_line_that_is_known_counts() {
    let log = ["connect ECONNREFUSED 10.0.1.5:5432", "no such table: products", "exiting", "INFO: no such host"];
    let log = log.map(str::to_owned);
    assert_eq!(
        of_log(&log).map(|(place, row)| (place, row.means)),
        Some((1, "the database lacks a table or a column"))
    );
}

/// A row that no message reaches is none.
#[test]
fn every_row_is_reached_and_every_place_is_filled() {
    assert!(rows().count() >= 30, "{}", rows().count());
    let texts = OF_ECS.iter().filter_map(|(text, _)| of_ecs(text));
    let reached: Vec<_> =
        texts.chain(OF_PROGRAMS.iter().filter_map(|(text, _)| Some(of_log(&lines(text))?.1))).collect();
    for row in rows() {
        assert!(reached.contains(&row), "no message of the tables reaches {:?}", row.means);
        assert!(row.by == By::Program || row.source.is_some(), "{:?} has no source", row.means);
    }
    let empty = DiagnosedCause { container: None, ..DiagnosedCause::new(What::Stopped) };
    let container = "web".parse().unwrap();
    let unknown = Facts::new(&empty, DiagnosedRevision { definition: None, container: &container });
    for hint in rows().map(|row| row.hint).chain(EXITS.iter().map(|exit| exit.hint)) {
        for facts in [facts(), unknown.clone()] {
            assert!(!facts.fill(hint).contains(['{', '}']), "{}", facts.fill(hint));
        }
    }
}
