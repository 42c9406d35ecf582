//! What ECS, its engine and the load balancer say.

use super::row::{By, HintRow};
use crate::domain::failure::CauseKind::{self, Application, Dependency, Deployment, Environment, Permission};

const STOPPED: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html";
const PULL: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_cannot_pull_image.html";
const INIT: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html";
const EVENTS: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-event-messages-list.html";
const FAILURES: &str = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html";
const TARGETS: &str =
    "https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html";

const fn row(kind: CauseKind, says: &'static [&'static str], means: &'static str, hint: &'static str) -> HintRow {
    HintRow::new(By::Ecs, kind, says, means, hint)
}

/// The first that is about a text counts: what is narrower comes first.
pub const ROWS: &[HintRow] = &[
    // Images.
    row(
        Dependency,
        &["toomanyrequests", "429 Too Many Requests", "reached your *pull rate limit"],
        "the registry limits how often it is pulled from",
        "copy the image of {container} into Amazon ECR, or set `repositoryCredentials` for it: pulls without a login are \
         limited",
    )
    .from(PULL),
    row(
        Environment,
        &[
            "no matching manifest",
            "does not contain descriptor matching platform",
            "no match for platform in manifest",
            "does not match the *platform",
        ],
        "the image is not built for the platform of the service",
        "build for the platform of the tasks: `platforms` of the component, or `runtimePlatform.cpuArchitecture` of the task \
         definition",
    )
    .from(PULL),
    row(
        Permission,
        &[
            "not authorized to perform: ecr:",
            "CannotPull*pull access denied",
            "CannotPull*403 Forbidden",
            "CannotPull*401 Unauthorized",
            "CannotPull*no basic auth credentials",
            "CannotPull*AccessDenied",
            "CannotPull*Check that the role has the permissions",
            "unable to retrieve ecr registry auth*AccessDenied",
        ],
        "the image may not be pulled",
        "allow {execution-role} to pull: `ecr:GetAuthorizationToken` on `*`, `ecr:BatchGetImage`, \
         `ecr:GetDownloadUrlForLayer` and `ecr:BatchCheckLayerAvailability` on the repository; of another account its \
         repository policy has to allow it too",
    )
    .from(PULL),
    row(
        Environment,
        &["no space left on device", "CannotPull*disk quota exceeded"],
        "the disk is full",
        "raise `ephemeralStorage` of the task definition, use a smaller image, or clean the disk of the container instance",
    )
    .from(PULL),
    row(
        Dependency,
        &[
            "CannotPull*i/o timeout",
            "CannotPull*dial tcp",
            "CannotPull*request canceled while waiting for connection",
            "CannotPull*context deadline exceeded",
            "CannotPull*connection issue",
            "CannotPull*net/http: TLS handshake timeout",
            "unable to pull registry auth*connection issue",
            "cannot pull registry auth from Amazon ECR*connection issue",
        ],
        "the tasks have no route to the registry",
        "give the subnets of the service a route: a NAT gateway, `assignPublicIp` in a public subnet, or VPC endpoints for \
         `ecr.api`, `ecr.dkr` and S3; and let its security group send to port 443",
    )
    .from(PULL),
    row(
        Environment,
        &[
            "CannotPull*not found",
            "CannotPull*manifest unknown",
            "CannotPull*repository does not exist",
            "CannotPull*does not exist",
            "pull image*manifest unknown",
            "pull image*not found",
        ],
        "the image is not in the registry",
        "push the image of {container} again, or correct its `image`; see that no lifecycle policy of the repository deletes \
         what runs",
    )
    .from(PULL),
    row(
        Environment,
        &["CannotPullContainerError", "CannotPullImageManifestError", "CannotPullECRContainerError"],
        "the image cannot be pulled",
        "pull the image of {container} with the rights of {execution-role} from the subnets of the service, and correct what \
         the registry says",
    )
    .from(PULL),
    // Secrets.
    row(
        Permission,
        &["not authorized to perform: kms:", "Access to KMS is not allowed", "KMS*AccessDenied"],
        "a key of KMS may not be used",
        "allow {execution-role} `kms:Decrypt` on the key that the secret is encrypted with, also in the key's policy",
    )
    .from(INIT),
    row(
        Permission,
        &[
            "not authorized to perform: secretsmanager:",
            "not authorized to perform: ssm:",
            "unable to retrieve secret*AccessDenied",
            "fetching secret data*AccessDenied",
        ],
        "a secret may not be read",
        "allow {execution-role} to read it: `secretsmanager:GetSecretValue` on the secret, or `ssm:GetParameters` on the \
         parameter",
    )
    .from(INIT),
    row(
        Environment,
        &["did not contain json key", "unable to retrieve json key"],
        "the secret has no such JSON key",
        "add the key to the secret, or correct the key in `valueFrom` of the task definition",
    )
    .from(INIT),
    row(
        Environment,
        &[
            "can't find the specified secret",
            "invalid ssm parameters",
            "ParameterNotFound",
            "secret*ResourceNotFoundException",
            "unable to retrieve secret * for environment variable",
        ],
        "a secret or parameter does not exist",
        "create it in the account and region of the service, or correct `valueFrom` of the secret in the task definition",
    )
    .from(INIT),
    row(
        Dependency,
        &[
            "unable to retrieve secret*connection issue",
            "unable to retrieve secret*context deadline exceeded",
            "unable to retrieve secret*RequestError: send request failed",
            "unable to pull secrets*i/o timeout",
            "unable to pull secrets*connection issue",
            "unable to pull secrets*RequestCanceled",
        ],
        "the tasks have no route to where the secrets are",
        "give the subnets of the service a route: a NAT gateway, or VPC endpoints for `secretsmanager`, `ssm`, `ecr.api` and \
         `ecr.dkr`; and let its security group send to port 443",
    )
    .from(INIT),
    row(
        Permission,
        &["failed to download env files*AccessDenied", "failed to download env files*403"],
        "a file with variables may not be read",
        "allow {execution-role} `s3:GetObject` on the files of `environmentFiles` and `s3:GetBucketLocation` on the bucket",
    )
    .from(INIT),
    row(
        Environment,
        &["failed to download env files"],
        "a file with variables cannot be had",
        "see that the files of `environmentFiles` exist, and that the subnets of the service have a route to S3",
    )
    .from(INIT),
    // Roles.
    row(
        Permission,
        &["unable to assume the role", "unable to assume role", "sts:AssumeRole*ecs-tasks"],
        "ECS cannot assume a role of the task",
        "let `ecs-tasks.amazonaws.com` assume {task-role} and {execution-role} in their trust policies, and see that both \
         exist",
    )
    .from(EVENTS),
    // Logs.
    row(
        Permission,
        &["not authorized to perform: logs:", "awslogs*AccessDenied", "Cloudwatch log*AccessDenied"],
        "the log may not be written",
        "allow {execution-role} `logs:CreateLogStream` and `logs:PutLogEvents` on {log-group}, and `logs:CreateLogGroup` \
         with `awslogs-create-group`",
    )
    .from(INIT),
    row(
        Environment,
        &["specified log group does not exist", "cannot find the Amazon CloudWatch log group*log group does not exist"],
        "the log group does not exist",
        "create {log-group} in the region of `awslogs-region`, or set `awslogs-create-group` to `true`",
    )
    .from(INIT),
    row(
        Dependency,
        &["failed to validate logger args*connection issue", "failed to validate logger args", "failed to initialize logging driver"],
        "the log driver cannot start",
        "create {log-group}, and give the subnets of the service a route to CloudWatch Logs: a NAT gateway or a VPC endpoint \
         for `logs`",
    )
    .from(INIT),
    // Volumes.
    row(
        Dependency,
        &["failed to invoke EFS utils", "mount.nfs4:", "EFS*mount*failed", "Failed to resolve \"fs-"],
        "the EFS file system cannot be mounted",
        "let the security group of the file system's mount targets receive port 2049 from that of the service, have a mount \
         target in each of its zones, and allow {task-role} `elasticfilesystem:ClientMount` where IAM is on",
    )
    .from(INIT),
    row(
        Environment,
        &["CannotCreateVolumeError", "Task failed to attach EBS volume", "EBS volume*could not be attached"],
        "a volume cannot be made or attached",
        "correct `volumes` of the task definition and `volumeConfigurations` of the service as the message says",
    )
    .from(STOPPED),
    // Room.
    row(
        Environment,
        &[
            "RESOURCE:ENI",
            "network interface provisioning",
            "insufficient free addresses",
            "not have enough available addresses",
            "free IP addresses",
        ],
        "there is no network interface or address for the task",
        "free addresses in the subnets of the service or add a subnet; on EC2 turn on `awsvpcTrunking` or add container \
         instances",
    )
    .from(FAILURES),
    row(
        Environment,
        &["RESOURCE:PORTS", "port is already allocated", "already using a port required"],
        "the port is taken on the container instances",
        "set `hostPort` of {container} to 0 or use network mode `awsvpc`; or allow the service to stop a task before it starts \
         the next: a minimum healthy percent below 100",
    )
    .from(FAILURES),
    row(
        Environment,
        &["Capacity is unavailable at this time", "limit on the number of vCPUs", "RESOURCE:FARGATE"],
        "AWS has no room for the task, or the account's quota is used up",
        "raise the account's Fargate quota of vCPUs, use more zones or another size; else run it again later",
    )
    .from(EVENTS),
    row(
        Environment,
        &[
            "RESOURCE:MEMORY",
            "RESOURCE:CPU",
            "RESOURCE:GPU",
            "insufficient memory available",
            "insufficient CPU units available",
            "no container instances were found",
            "no container instance met all of its requirements",
            "unable to place a task",
        ],
        "there is no room for the task in the cluster",
        "add container instances or let the capacity provider scale out, or lower `cpu` and `memory` of the task definition",
    )
    .from(EVENTS),
    row(
        Environment,
        &["Spot Task was interrupted", "SpotInterruption"],
        "AWS took back the Spot capacity",
        "run it again; a share of `FARGATE` in the capacity provider strategy stays when Spot capacity goes",
    )
    .from(STOPPED),
    row(
        Deployment,
        &["Task stopped by user", "UserInitiated"],
        "a person stopped the task",
        "find out who did: event `StopTask` in CloudTrail",
    )
    .from(STOPPED),
    // Memory.
    row(
        Application,
        &["OutOfMemoryError: Container killed", "OutOfMemory: ", "OutOfMemoryError", "OOMKilled"],
        "the container used all its memory, and was killed",
        "raise {limit}, or let {container} use less: fewer workers, a smaller heap or cache",
    )
    .from(STOPPED),
    // Health.
    row(
        Application,
        &["failed container health checks"],
        "the health check of the container fails",
        "run {check} in the image of {container}: the program it calls has to be there, and path and port have to be right; \
         raise `startPeriod` if it starts slowly",
    )
    .from(STOPPED),
    row(
        Deployment,
        &["with these codes: [404"],
        "the path of the load balancer's health check does not exist",
        "set the health-check path of {target-group} to one that {container} answers with 200, or add that path",
    )
    .from(TARGETS),
    row(
        Deployment,
        &["with these codes: [301", "with these codes: [302", "with these codes: [307", "with these codes: [308"],
        "the program redirects the load balancer's health check",
        "set the health-check path of {target-group} to one that {container} answers with 200 without a redirect to HTTPS or \
         to a login, or widen its success codes",
    )
    .from(TARGETS),
    row(
        Deployment,
        &["with these codes: [401", "with these codes: [403"],
        "the program wants a login from the load balancer's health check",
        "set the health-check path of {target-group} to one that {container} answers without a login",
    )
    .from(TARGETS),
    row(
        Deployment,
        &["with these codes: [400"],
        "the program refuses the load balancer's health check",
        "let {container} take requests whose `Host` is the address of the task: for example `ALLOWED_HOSTS` of Django",
    )
    .from(TARGETS),
    row(
        Deployment,
        &["with these codes: [502", "with these codes: [504"],
        "nothing answers in time behind what answers the load balancer",
        "let {container} listen on 0.0.0.0 and {port}, and see whether what it hands requests to runs; read its log",
    )
    .from(TARGETS),
    row(
        Application,
        &["with these codes: [500", "with these codes: [503", "with these codes: [5"],
        "the program answers the load balancer's health check with an error",
        "read the log of {container} at the time of the check: what it needs to be ready is not there",
    )
    .from(TARGETS),
    row(
        Deployment,
        &["Request timed out", "Health checks failed due to timeout"],
        "the load balancer gets no answer",
        "let the security group of the service receive {port} from that of the load balancer, and let {container} listen on \
         0.0.0.0 and {port}; raise the timeout of {target-group} if it answers slowly",
    )
    .from(TARGETS),
    row(
        Deployment,
        &["failed ELB health checks", "Health checks failed"],
        "the load balancer finds the task unhealthy",
        "set path and port of the health check of {target-group} to what {container} answers on {port}; raise the service's \
         health-check grace period if it starts slowly",
    )
    .from(EVENTS),
    // Starting.
    row(
        Environment,
        &["TimeoutError: Could not transition to"],
        "the container did not start or stop in time",
        "raise `startTimeout` of {container}, or give it more `cpu`; on EC2 see whether the container instance is overloaded",
    )
    .from(STOPPED),
];
