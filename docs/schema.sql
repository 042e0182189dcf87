-- Written by script/schema from src/Berth.Server/Database/Migrations, as SQLite has it.

CREATE TABLE accounts (
    id integer primary key autoincrement,
    kind text not null,                 -- 'user' | 'organization'
    login text not null,
    folded text not null unique,
    name text,
    email text,
    site_admin boolean not null default false,
    created_at bigint not null,
    updated_at bigint not null
);
CREATE TABLE audit_events (
    id integer primary key autoincrement,
    at bigint not null,
    kind text not null,                 -- as GitHub names it, where GitHub does: 'team.create'
    owner_id bigint,                    -- in whose log it stands; null: the site's alone
    owner text,
    repository_id bigint,
    repository text,                    -- 'OWNER/NAME', as it was
    type text,                          -- of a package that was read
    name text,
    version text,
    tag text,
    subject text,                       -- whom or what it was done to: 'user:LOGIN' | 'team:SLUG' | 'secret:NAME' | 'token:ID'
    old_value text,
    new_value text,
    actor text not null,                -- as in package_events; so too the rest
    actor_name text,
    token_id bigint,
    address text,
    request_id text,
    run text,
    ref text,
    commit_id text,
    environment text
);
CREATE INDEX audit_events_owner on audit_events (owner_id, at, id) where kind <> 'packages.version_download';
CREATE INDEX audit_events_pulls_owner on audit_events (owner_id, at, id) where kind = 'packages.version_download';
CREATE INDEX audit_events_pulls_time on audit_events (at, id) where kind = 'packages.version_download';
CREATE INDEX audit_events_time on audit_events (at, id) where kind <> 'packages.version_download';
CREATE INDEX audit_events_token on audit_events (token_id, id) where token_id is not null;
CREATE TABLE audit_streams (
    stream text not null,              -- 'file' | 'syslog'
    source bigint not null,             -- 0: of package_events, 1: of audit_events
    position bigint not null,           -- everything up to this id is there
    primary key (stream, source)
);
CREATE TABLE blob_links (
    package_id bigint not null references packages (id) on delete cascade,
    blob_id bigint not null references blobs (id),
    used_at bigint not null,            -- last creation, mount or look-up by someone who may push; refreshed at most hourly
    hidden boolean not null default false, -- the last live manifest that used it was deleted; unreadable until pushed, mounted or restored again
    primary key (package_id, blob_id)
);
CREATE INDEX blob_links_blob on blob_links (blob_id);
CREATE INDEX blob_links_used on blob_links (used_at);
CREATE TABLE blob_trash (
    storage_key text primary key,
    deleted_at bigint not null
);
CREATE TABLE blobs (
    id integer primary key autoincrement,
    digest text not null unique,
    size bigint not null,
    storage_key text not null unique,
    created_at bigint not null
);
CREATE TABLE clone_credentials (
    id integer primary key autoincrement,
    repository_id bigint not null references repositories (id) on delete cascade,
    user_id bigint references accounts (id) on delete cascade, -- whose codespaces use it; null: everybody's
    origin text not null,               -- scheme, host and port that it was stored for; it goes nowhere else
    username text not null,
    value blob not null,              -- envelope encryption, see Security/Envelope
    version bigint not null,
    created_by text,
    created_at bigint not null,
    updated_at bigint not null
);
CREATE UNIQUE INDEX clone_credentials_repository on clone_credentials (repository_id) where user_id is null;
CREATE UNIQUE INDEX clone_credentials_user on clone_credentials (repository_id, user_id) where user_id is not null;
CREATE TABLE codespace_access (
    organization_id bigint primary key references accounts (id) on delete cascade,
    visibility text not null            -- 'disabled' | 'selected_members' | 'all_members' | 'all_members_and_outside_collaborators' (also without a row)
);
CREATE TABLE codespace_access_users (
    organization_id bigint not null references accounts (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    primary key (organization_id, user_id)
);
CREATE INDEX codespace_access_users_user on codespace_access_users (user_id);
CREATE TABLE codespace_containers (
    container_id text primary key,     -- the engine's full id
    codespace_id bigint not null references codespaces (id) on delete cascade,
    role text not null                  -- 'dev': people work in it; 'service'; 'users': never runs, shows the image's users
);
CREATE INDEX codespace_containers_codespace on codespace_containers (codespace_id);
CREATE TABLE codespace_dotfiles (
    user_id bigint primary key references accounts (id) on delete cascade,
    repository text not null,           -- an http or https URL
    updated_at bigint not null
);
CREATE TABLE codespace_git_permissions (
    user_id bigint not null references accounts (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    target_id bigint not null references repositories (id) on delete cascade,
    accepted_at bigint not null,
    primary key (user_id, repository_id, target_id)
);
CREATE INDEX codespace_git_permissions_repository on codespace_git_permissions (repository_id);
CREATE INDEX codespace_git_permissions_target on codespace_git_permissions (target_id);
CREATE TABLE codespace_git_targets (
    codespace_id bigint not null references codespaces (id) on delete cascade,
    target_id bigint not null references repositories (id) on delete cascade,
    primary key (codespace_id, target_id)
);
CREATE INDEX codespace_git_targets_target on codespace_git_targets (target_id);
CREATE TABLE codespace_inside (
    codespace_id bigint primary key references codespaces (id) on delete cascade,
    sealed blob not null
);
CREATE TABLE codespace_log (
    id integer primary key autoincrement,
    codespace_id bigint not null references codespaces (id) on delete cascade,
    attempt bigint not null,
    at bigint not null,
    step text not null,
    line text not null
);
CREATE INDEX codespace_log_codespace on codespace_log (codespace_id, id);
CREATE TABLE codespace_permissions (
    user_id bigint not null references accounts (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    target_id bigint not null references repositories (id) on delete cascade,
    accepted_at bigint not null,
    primary key (user_id, repository_id, target_id)
);
CREATE INDEX codespace_permissions_repository on codespace_permissions (repository_id);
CREATE INDEX codespace_permissions_target on codespace_permissions (target_id);
CREATE TABLE codespace_port_links (
    hash blob not null unique,
    codespace_id bigint not null references codespaces (id) on delete cascade,
    port bigint not null,
    expires_at bigint not null
);
CREATE TABLE codespace_settings (
    user_id bigint primary key references accounts (id) on delete cascade,
    default_editor text,                -- 'vscode' | 'jetbrains' | 'ssh'; null: the client's own choice
    default_machine text,               -- the name of a machine type, which this host may no longer offer; null: the smallest
    updated_at bigint not null
);
CREATE TABLE codespace_starts (
    secret text primary key,
    codespace text not null,           -- its name
    attempt bigint not null,
    host text not null,
    created_at bigint not null,
    unique (codespace, attempt)
);
CREATE TABLE codespace_targets (
    codespace_id bigint not null references codespaces (id) on delete cascade,
    target_id bigint not null references repositories (id) on delete cascade,
    primary key (codespace_id, target_id)
);
CREATE INDEX codespace_targets_target on codespace_targets (target_id);
CREATE TABLE codespaces (
    id integer primary key autoincrement,
    name text not null unique,
    display_name text,
    owner_id bigint not null references accounts (id),
    repository_id bigint references repositories (id) on delete set null,
    repository_full_name text not null, -- as it was at creation, for the log when the repository is gone
    ref text,
    devcontainer_path text,
    machine text not null,
    host text not null,                 -- the server that owns engine and workspace
    desired text not null,              -- 'available' | 'shutdown' | 'deleted'
    state text not null,                -- GitHub's names: Queued, Provisioning, Available, Starting, ShuttingDown, Shutdown, Failed, Deleted
    failure text,                       -- one line, when Failed
    image text,                         -- the image it runs, pinned by digest
    container_id text,
    remote_user text,
    workspace_folder text,              -- inside the container
    rebuild boolean not null default false,
    attempt bigint not null default 0,  -- counts starts; a creation log line and a token belong to one
    commands_running boolean not null default false, -- while it is available: lifecycle commands of the start go on
    idle_timeout_minutes bigint not null default 30,
    retention_period_minutes bigint not null default 43200, -- after a stop; 0: deleted when it stops
    retention_expires_at bigint,        -- null while it is wanted
    stop_notice text,                   -- why it stopped, when nobody asked for it
    git_ahead bigint,                   -- of the workspace when it was last looked at; null: not known
    git_behind bigint,
    git_unpushed boolean,
    git_uncommitted boolean,
    git_ref text,
    created_at bigint not null,
    updated_at bigint not null,
    last_used_at bigint not null
, permissions_opt_out boolean not null default false, is_prebuild boolean not null default false, from_prebuild bigint);
CREATE INDEX codespaces_owner on codespaces (owner_id);
CREATE INDEX codespaces_repository on codespaces (repository_id);
CREATE TABLE collaborators (
    repository_id bigint not null references repositories (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    role text not null,                 -- read|triage|write|maintain|admin
    primary key (repository_id, user_id)
);
CREATE INDEX collaborators_user on collaborators (user_id);
CREATE TABLE deleted_tags (
    version_id bigint not null references "package_versions" (id) on delete cascade,
    name text not null,
    primary key (version_id, name)
);
CREATE TABLE event_cursors (
    reader text primary key,
    position bigint not null            -- of package_events: everything up to it is read
);
CREATE TABLE hook_deliveries (
    id integer primary key autoincrement,
    hook_id bigint not null references hooks (id) on delete cascade,
    guid text not null,                 -- the same for every attempt and redelivery
    event text not null,
    action text,
    event_id bigint,                    -- the first of package_events that it tells of
    redelivery boolean not null,
    state text not null,                -- 'waiting' | 'delivered' | 'failed'
    attempts bigint not null,
    next_at bigint not null,            -- when it is due; while somebody sends it, when another may
    created_at bigint not null,
    delivered_at bigint,                -- when it was last tried
    duration bigint not null,           -- milliseconds
    status text not null,
    status_code bigint not null,        -- 0: nobody answered
    url text,
    request_headers text,               -- JSON
    response_headers text,              -- JSON
    response_body text,                 -- its beginning
    payload text not null               -- JSON; the last, since it may be large
);
CREATE INDEX hook_deliveries_due on hook_deliveries (next_at) where state = 'waiting';
CREATE INDEX hook_deliveries_hook on hook_deliveries (hook_id, id);
CREATE INDEX hook_deliveries_time on hook_deliveries (created_at);
CREATE TABLE hooks (
    id integer primary key autoincrement,
    organization_id bigint references accounts (id) on delete cascade,      -- one of these two
    repository_id bigint references repositories (id) on delete cascade,
    active boolean not null,
    events text not null,               -- names with spaces between: 'package' | 'registry_package' | 'ping' | '*'
    url text not null,
    content_type text not null,         -- 'json' | 'form'
    format text not null,               -- 'github' | 'cloudevents'
    value blob,                       -- the secret in an envelope; null: what is sent is not signed
    version bigint not null,
    created_at bigint not null,
    updated_at bigint not null
);
CREATE INDEX hooks_organization on hooks (organization_id) where organization_id is not null;
CREATE INDEX hooks_repository on hooks (repository_id) where repository_id is not null;
CREATE TABLE key_rotations (
    id integer primary key autoincrement,
    from_fingerprint blob not null,
    to_fingerprint blob not null,
    state text not null,                -- 'running' | 'wrapped': the old key is still in the file | 'finished'
    pass bigint not null,               -- rows are gone through until a whole pass finds nothing of the old key
    part bigint not null,
    after_id bigint not null,
    changed bigint not null,
    done bigint not null,
    total bigint not null,
    failed bigint not null,
    started_by text,
    started_at bigint not null,
    finished_at bigint,
    lease_by text,                      -- which of several servers works on it
    lease_until bigint
);
CREATE UNIQUE INDEX key_rotations_running on key_rotations (state) where state = 'running';
CREATE TABLE login_failures (
    subject text primary key,
    failures integer not null,
    last_at bigint not null
);
CREATE TABLE login_requests (
    page_hash blob not null unique,   -- of the code in the page's address
    done_hash blob not null unique,   -- of the other code, for which the client gets the token
    network text not null,             -- whose open requests are counted together
    address text not null,              -- where it was asked from
    host text,                          -- what the client says of itself
    program text,
    created_at bigint not null,
    expires_at bigint not null,
    token_id bigint references tokens (id) on delete cascade -- the token that it was confirmed with; null: it waits
);
CREATE INDEX login_requests_expires on login_requests (expires_at);
CREATE INDEX login_requests_network on login_requests (network);
CREATE INDEX login_requests_token on login_requests (token_id);
CREATE TABLE manifest_bases (
    version_id bigint primary key references package_versions (id) on delete cascade,
    digest text not null,              -- annotation org.opencontainers.image.base.digest
    repository text                     -- of base.name, 'host/owner/name'; null: it does not say where it was taken from
);
CREATE INDEX manifest_bases_digest on manifest_bases (digest);
CREATE TABLE manifest_children (
    version_id bigint not null references "package_versions" (id) on delete cascade,
    digest text not null,
    primary key (version_id, digest)
);
CREATE INDEX manifest_children_digest on manifest_children (digest);
CREATE TABLE manifest_contents (
    version_id bigint primary key references "package_versions" (id) on delete cascade,
    content blob not null
);
CREATE TABLE manifests (
    version_id bigint primary key references package_versions (id) on delete cascade,
    media_type text not null,
    artifact_type text,                 -- what the referrers API shows: artifactType, else the config's media type
    subject text,                       -- digest
    size bigint not null,
    annotations text                    -- JSON, as in the manifest; shown by the referrers API. May be large, so it is the last
);
CREATE INDEX manifests_subject on manifests (subject) where subject is not null;
CREATE TABLE memberships (
    organization_id bigint not null references accounts (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    role text not null,                 -- 'admin' (an owner of the organization) | 'member'
    created_at bigint not null,
    primary key (organization_id, user_id)
);
CREATE INDEX memberships_user on memberships (user_id);
CREATE TABLE migrations (number integer primary key, name text not null, applied_at bigint not null);
CREATE TABLE npm_dependencies (
    version_id bigint not null references package_versions (id) on delete cascade,
    name text not null,                 -- '@owner/name' of this server's kind
    range text not null,
    primary key (version_id, name)
);
CREATE INDEX npm_dependencies_name on npm_dependencies (name);
CREATE TABLE npm_documents (
    package_id bigint primary key references packages (id) on delete cascade,
    revision bigint not null,           -- the package's last event when they were made
    base_url text not null,             -- of the tarballs in them
    abbreviated blob not null,        -- gzip
    whole blob not null               -- gzip
);
CREATE TABLE npm_numbers (
    owner_id bigint not null references accounts (id) on delete cascade,
    name text not null,
    version text not null,
    integrity text not null,
    primary key (owner_id, name, version)
);
CREATE TABLE npm_versions (
    version_id bigint primary key references package_versions (id) on delete cascade,
    blob_id bigint not null references blobs (id),  -- the tarball; its version holds it
    shasum text not null,               -- SHA-1, in hex
    integrity text not null,            -- 'sha512-…', as in Subresource Integrity
    size bigint not null,               -- of the tarball, in bytes
    unpacked_size bigint not null,
    file_count bigint not null,
    publisher text,                     -- as people knew whoever published it
    deprecated text,                    -- why; null: it is not
    manifest text not null,             -- its package.json as it was published, without dist, readme and deprecated
    readme text,
    bundles text                        -- JSON list of the Sigstore bundles that came with it
);
CREATE TABLE npm_words (
    version_id bigint primary key references package_versions (id) on delete cascade,
    words text not null
);
CREATE TABLE organizations (
    account_id bigint primary key references accounts (id) on delete cascade,
    base_permission text not null default 'read',               -- role of members on the organization's repositories: none|read|write|admin
    members_can_create_repositories boolean not null default true,
    members_can_create_public_packages boolean not null default false,
    members_can_create_internal_packages boolean not null default true,
    members_can_create_private_packages boolean not null default true,
    workflows_can_create_packages boolean not null default true,
    public_packages_allowed boolean not null default true,
    internal_packages_allowed boolean not null default true,
    inherit_access_on_link boolean not null default false,      -- for a link that a personal token's label makes
    first_publish_visibility text not null default 'repository', -- what a workflow's first publish takes: repository|internal|private
    export_registry_secrets boolean not null default true       -- to the processes of codespaces; pulling uses them all the same
, git_credentials_inside boolean not null default true, token_max_days bigint, unrestricted_tokens_allowed boolean not null default true);
CREATE TABLE package_actions (
    package_id bigint not null references packages (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    role text not null,
    primary key (package_id, repository_id)
);
CREATE TABLE package_codespaces (
    package_id bigint not null references packages (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    primary key (package_id, repository_id)
);
CREATE TABLE package_events (
    id integer primary key autoincrement,
    at bigint not null,
    kind text not null,                 -- PackageEventKind
    package_id bigint not null,
    owner_id bigint not null,
    owner text not null,
    type text not null,
    name text not null,
    actor text not null,                -- 'user:ID' | 'workflow:ID' | 'codespace:ID' | 'collector'
    version_id bigint,
    version text,                       -- the version's name
    tag text,
    subject text,                       -- whom a grant or list entry is for: 'user:LOGIN' | 'team:SLUG' | 'repository:OWNER/NAME'
    old_value text,
    new_value text
, actor_name text, token_id bigint, address text, request_id text, run text, ref text, commit_id text, environment text, repository_id bigint);
CREATE INDEX package_events_owner on package_events (owner_id, at, id);
CREATE INDEX package_events_package on package_events (package_id, id);
CREATE INDEX package_events_time on package_events (at, id);
CREATE INDEX package_events_token on package_events (token_id, id) where token_id is not null;
CREATE TABLE package_pulls (
    package_id bigint primary key references packages (id) on delete cascade,
    pulls bigint not null,              -- a multi-platform image once, however many of its manifests a client takes
    last_pulled_at bigint not null
);
CREATE TABLE package_teams (
    package_id bigint not null references packages (id) on delete cascade,
    team_id bigint not null references teams (id) on delete cascade,
    role text not null,
    primary key (package_id, team_id)
);
CREATE TABLE package_users (
    package_id bigint not null references packages (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    role text not null,                 -- read|write|admin
    primary key (package_id, user_id)
);
CREATE INDEX package_users_user on package_users (user_id);
CREATE TABLE "package_versions" (
    id integer primary key autoincrement,                            -- the version's id in the REST API
    package_id bigint not null references packages (id) on delete cascade,
    name text not null,
    created_by text,
    created_at bigint not null,
    updated_at bigint not null,
    deleted_at bigint
, run text, ref text, commit_id text);
CREATE INDEX package_versions_deleted on package_versions (deleted_at) where deleted_at is not null;
CREATE UNIQUE INDEX package_versions_live on package_versions (package_id, name) where deleted_at is null;
CREATE INDEX package_versions_package on package_versions (package_id, id);
CREATE TABLE packages (
    id integer primary key autoincrement,
    owner_id bigint not null references accounts (id) on delete cascade,
    type text not null,                 -- 'container' | 'npm'
    name text not null,
    state text not null,                -- 'pending' (blobs came, no manifest yet) | 'live' | 'deleted'
    uploader text not null default '',  -- pending: the principal that alone sees it
    visibility text not null default 'private',
    repository_id bigint references repositories (id) on delete set null,
    inherits_access boolean not null default false,
    ever_linked boolean not null default false,                 -- a source label links only a package that never had a link
    created_by text,
    created_at bigint not null,
    updated_at bigint not null,
    deleted_at bigint
);
CREATE UNIQUE INDEX packages_live on packages (owner_id, type, name) where state = 'live';
CREATE UNIQUE INDEX packages_pending on packages (owner_id, type, name, uploader) where state = 'pending';
CREATE INDEX packages_repository on packages (repository_id);
CREATE TABLE prebuild_configurations (
    id integer primary key autoincrement,
    repository_id bigint not null references repositories (id) on delete cascade,
    owner_id bigint not null references accounts (id) on delete cascade, -- who settled it: by their right to read it runs
    branch text not null,              -- empty: the repository's default branch
    devcontainer_path text not null,   -- empty: the usual places
    machine text not null,
    on_push boolean not null,
    schedule text,                      -- five fields of cron in UTC, or 'every 6h'
    enabled boolean not null,
    kept bigint not null,               -- how many finished ones stay
    again text,                         -- what asked for another while one was made
    next_run_at bigint,                 -- of the schedule
    created_at bigint not null,
    updated_at bigint not null,
    unique (repository_id, branch, devcontainer_path)
);
CREATE TABLE prebuilds (
    codespace_id bigint primary key references codespaces (id) on delete cascade,
    configuration_id bigint references prebuild_configurations (id) on delete set null,
    cause text not null,                -- 'push' | 'schedule' | 'manual'
    commit_id text,                     -- what was checked out
    configuration_hash text,            -- over all that the container is made of
    image_bytes bigint,
    workspace_bytes bigint,
    ready_at bigint                     -- null: not yet, or never
);
CREATE INDEX prebuilds_configuration on prebuilds (configuration_id);
CREATE TABLE push_hooks (
    id integer primary key autoincrement,
    repository_id bigint not null unique references repositories (id) on delete cascade,
    value blob not null,
    version bigint not null,
    created_at bigint not null
);
CREATE TABLE push_rule_allowances (
    id integer primary key autoincrement,
    rule_id bigint not null references push_rules (id) on delete cascade,
    role text,                          -- 'write' | 'admin'
    team_id bigint references teams (id) on delete cascade,
    repository_id bigint references repositories (id) on delete cascade,
    ref text,                           -- null: any; '*' at its end stands for anything
    environment text
);
CREATE INDEX push_rule_allowances_repository on push_rule_allowances (repository_id) where repository_id is not null;
CREATE INDEX push_rule_allowances_rule on push_rule_allowances (rule_id);
CREATE INDEX push_rule_allowances_team on push_rule_allowances (team_id) where team_id is not null;
CREATE TABLE push_rules (
    id integer primary key autoincrement,
    owner_id bigint references accounts (id) on delete cascade,   -- for all packages of an account
    package_id bigint references packages (id) on delete cascade, -- for one, besides its owner's
    pattern text not null,
    immutable boolean not null,
    restricted boolean not null,        -- only who is listed below may; nobody, where nobody is listed (any more)
    created_by text not null,           -- login
    created_at bigint not null
);
CREATE INDEX push_rules_owner on push_rules (owner_id) where owner_id is not null;
CREATE INDEX push_rules_package on push_rules (package_id) where package_id is not null;
CREATE TABLE repositories (
    id integer primary key autoincrement,
    owner_id bigint not null references accounts (id) on delete cascade,
    name text not null,
    folded text not null,
    description text,
    visibility text not null,           -- 'public' | 'internal' | 'private'
    clone_url text,
    clone_url_normalised text,          -- scheme, user, '.git' and letter case taken off: what an image's source label is compared with
    external_id text,
    default_branch text not null default 'main',
    created_at bigint not null,
    updated_at bigint not null, submodules boolean not null default false,
    unique (owner_id, folded)
);
CREATE INDEX repositories_clone_url on repositories (clone_url_normalised);
CREATE TABLE retention_policies (
    id integer primary key autoincrement,
    owner_id bigint references accounts (id) on delete cascade,   -- for all packages of an account
    package_id bigint references packages (id) on delete cascade, -- for one; it replaces its owner's
    policy text not null,               -- JSON, as in the REST API
    set_by text not null,
    updated_at bigint not null
);
CREATE UNIQUE INDEX retention_policies_owner on retention_policies (owner_id) where owner_id is not null;
CREATE UNIQUE INDEX retention_policies_package on retention_policies (package_id) where package_id is not null;
CREATE TABLE retention_removals (
    run_id bigint not null references retention_runs (id) on delete cascade,
    version_id bigint not null,
    version text not null,
    tags text not null,                 -- separated by spaces
    reason text not null,
    primary key (run_id, version_id)
);
CREATE TABLE retention_runs (
    id integer primary key autoincrement,
    package_id bigint not null references packages (id) on delete cascade,
    cause text not null,                -- 'schedule' | 'manual' | 'ref'
    actor text not null,
    started_at bigint not null,
    finished_at bigint,
    removed bigint not null default 0
);
CREATE INDEX retention_runs_package on retention_runs (package_id, id);
CREATE INDEX retention_runs_started on retention_runs (started_at);
CREATE TABLE secret_keys (
    id integer primary key autoincrement,                            -- the key_id that clients send back
    account_id bigint references accounts (id) on delete cascade,
    repository_id bigint references repositories (id) on delete cascade,
    public_key blob not null,
    secret_key blob not null,         -- wrapped by the master key
    created_at bigint not null,
    retired_at bigint                   -- still opens boxes for a while after a newer key took over
);
CREATE UNIQUE INDEX secret_keys_account on secret_keys (account_id) where retired_at is null and account_id is not null;
CREATE UNIQUE INDEX secret_keys_repository on secret_keys (repository_id) where retired_at is null and repository_id is not null;
CREATE TABLE secret_repositories (
    secret_id bigint not null references secrets (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    primary key (secret_id, repository_id)
);
CREATE INDEX secret_repositories_repository on secret_repositories (repository_id);
CREATE TABLE secrets (
    id integer primary key autoincrement,
    level text not null,                -- 'user' | 'repository' | 'organization'
    account_id bigint references accounts (id) on delete cascade,
    repository_id bigint references repositories (id) on delete cascade,
    name text not null,                -- upper case
    visibility text not null,           -- 'all' | 'private' | 'selected'; users: selected; repositories: all
    value blob not null,              -- envelope encryption, see Secrets/Crypto/Envelope
    version bigint not null,
    created_by text,
    created_at bigint not null,
    updated_at bigint not null
);
CREATE UNIQUE INDEX secrets_account on secrets (account_id, name) where account_id is not null;
CREATE UNIQUE INDEX secrets_repository on secrets (repository_id, name) where repository_id is not null;
CREATE TABLE server_keys (
    name text primary key,              -- 'fingerprint' | 'registry-token' | 'codespaces'
    value blob not null               -- wrapped by the master key, except the fingerprint
);
CREATE TABLE spent_tags (
    package_id bigint not null references packages (id) on delete cascade,
    name text not null,
    version text not null,
    spent_at bigint not null,
    primary key (package_id, name)
);
CREATE TABLE tags (
    package_id bigint not null references packages (id) on delete cascade,
    name text not null,
    version_id bigint not null references "package_versions" (id) on delete cascade,
    created_at bigint not null,
    updated_at bigint not null,
    primary key (package_id, name)
);
CREATE INDEX tags_version on tags (version_id);
CREATE TABLE team_members (
    team_id bigint not null references teams (id) on delete cascade,
    user_id bigint not null references accounts (id) on delete cascade,
    role text not null,                 -- 'maintainer' | 'member'
    primary key (team_id, user_id)
);
CREATE INDEX team_members_user on team_members (user_id);
CREATE TABLE team_repositories (
    team_id bigint not null references teams (id) on delete cascade,
    repository_id bigint not null references repositories (id) on delete cascade,
    role text not null,                 -- read|triage|write|maintain|admin
    primary key (team_id, repository_id)
);
CREATE INDEX team_repositories_repository on team_repositories (repository_id);
CREATE TABLE teams (
    id integer primary key autoincrement,
    organization_id bigint not null references accounts (id) on delete cascade,
    slug text not null,
    name text not null,
    description text,
    created_at bigint not null,
    unique (organization_id, slug)
);
CREATE TABLE tokens (
    id integer primary key autoincrement,
    kind text not null,                 -- 'personal' | 'workflow' | 'codespace'
    hash blob not null unique,
    user_id bigint references accounts (id) on delete cascade,            -- personal: whose; workflow: who minted it; codespace: its creator
    repository_id bigint references repositories (id) on delete cascade,  -- workflow, codespace
    codespace_id bigint,                                                  -- codespace
    minter_token_id bigint references tokens (id) on delete cascade,      -- workflow: dies with the token that minted it
    note text,
    scopes text not null default '',    -- personal: space separated
    patterns text,                      -- personal: package patterns, space separated; null: unrestricted
    packages text,                      -- workflow: 'read' | 'write'
    run text,                           -- workflow: remarks, they satisfy no rule
    ref text,
    created_at bigint not null,
    expires_at bigint,
    last_used_at bigint
, trust_id bigint references trusts (id) on delete cascade, commit_id text, environment text, event text);
CREATE INDEX tokens_codespace on tokens (codespace_id);
CREATE INDEX tokens_minter on tokens (minter_token_id);
CREATE INDEX tokens_repository on tokens (repository_id);
CREATE INDEX tokens_trust on tokens (trust_id);
CREATE INDEX tokens_user on tokens (user_id);
CREATE TABLE trusts (
    id integer primary key autoincrement,
    owner_id bigint not null references accounts (id) on delete cascade,
    repository_id bigint references repositories (id) on delete cascade, -- null: the organization's repository whose external_id the token names
    provider text not null,             -- 'github' | 'gitlab' | 'forgejo' | 'gitea' | 'buildkite' | 'circleci' | 'other': how claims are called
    issuer text not null,              -- compared letter by letter
    audience text not null,
    claim text not null,                -- an id that is never given to anybody else
    value text not null,
    repository_claim text,              -- of an organization: what is compared with external_id
    ref text,                           -- null: any; '*' at its end stands for anything
    environment text,
    event text,
    packages text not null,             -- 'read' | 'write'
    created_by text not null,           -- login
    created_at bigint not null
);
CREATE INDEX trusts_issuer on trusts (issuer);
CREATE INDEX trusts_owner on trusts (owner_id);
CREATE INDEX trusts_repository on trusts (repository_id);
CREATE TABLE uploads (
    id text primary key,
    package_id bigint not null references packages (id) on delete cascade,
    principal text not null,
    algorithm text not null,            -- what is hashed while the bytes arrive
    started_at bigint not null
);
CREATE INDEX uploads_started on uploads (started_at);
CREATE TABLE used_identities (
    hash blob not null unique,
    expires_at bigint not null          -- of the ID token: afterwards it is refused for its age
);
CREATE INDEX used_identities_expires on used_identities (expires_at);
CREATE TABLE "version_blobs" (
    version_id bigint not null references "package_versions" (id) on delete cascade,
    blob_id bigint not null references blobs (id),
    primary key (version_id, blob_id)
);
CREATE INDEX version_blobs_blob on version_blobs (blob_id);
CREATE TABLE version_pulls (
    version_id bigint primary key references package_versions (id) on delete cascade,
    pulls bigint not null,              -- answers with the content
    last_pulled_at bigint not null      -- also when a client only asked whether what it has is still current
);
