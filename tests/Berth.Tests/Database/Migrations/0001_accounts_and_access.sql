-- Names in every form that the columns take, every role, rights that point nowhere, times at both ends.
insert into accounts (id, kind, login, folded, name, email, site_admin, created_at, updated_at) values
    (1001, 'user', 'Ada-L', 'ada-l', 'Ada "the first" O''Neill' || {newline} || '🚢', null, false, 0, 253402300799999),
    (1002, 'user', 'b', 'b', '', '', true, 1, 1),
    (1003, 'organization', 'ACME', 'acme', null, null, false, 1700000000000, 1700000000000),
    (1004, 'organization', '0-0', '0-0', 'nobody is a member', null, false, 1700000000000, 1700000000000);
insert into organizations (account_id, base_permission, members_can_create_repositories, members_can_create_public_packages, members_can_create_internal_packages,
    members_can_create_private_packages, workflows_can_create_packages, public_packages_allowed, internal_packages_allowed, inherit_access_on_link,
    first_publish_visibility, export_registry_secrets) values
    (1003, 'none', false, false, false, false, false, false, false, true, 'internal', false),
    (1004, 'admin', true, true, true, true, true, true, true, false, 'private', true);
insert into memberships (organization_id, user_id, role, created_at) values (1003, 1001, 'admin', 0), (1003, 1002, 'member', 0);
insert into teams (id, organization_id, slug, name, description, created_at) values
    (1001, 1003, 'crew', 'The Crew', null, 0), (1002, 1004, 'crew', 'The Crew', '', 0);
insert into team_members (team_id, user_id, role) values (1001, 1002, 'maintainer'), (1002, 1001, 'member');
insert into repositories (id, owner_id, name, folded, description, visibility, clone_url, clone_url_normalised, external_id, default_branch, created_at, updated_at) values
    (1001, 1003, 'App.js', 'app.js', 'with a ''quote''; and a -- dash', 'private', 'https://git.example.test/acme/app.git', 'git.example.test/acme/app', '42', 'main', 0, 0),
    (1002, 1003, '_', '_', null, 'internal', null, null, null, 'feature/ümlaut', 0, 0),
    (1003, 1001, 'app.js', 'app.js', '', 'public', 'file:///srv/git/app', 'file:///srv/git/app', null, '', 0, 0);
insert into collaborators (repository_id, user_id, role) values (1001, 1002, 'triage'), (1002, 1002, 'maintain'), (1003, 1002, 'read');
insert into team_repositories (team_id, repository_id, role) values (1001, 1001, 'write'), (1002, 1003, 'admin');
insert into tokens (id, kind, hash, user_id, repository_id, codespace_id, minter_token_id, note, scopes, patterns, packages, run, ref, created_at, expires_at, last_used_at) values
    (1001, 'personal', {hash:ada}, 1001, null, null, null, 'of old', 'write:packages delete:packages codespace repo admin:org user', null, null, null, null, 0, null, null),
    (1002, 'personal', {hash:expired}, 1001, null, null, null, null, '', 'acme/* ada-l/**', null, null, null, 0, 1, 1),
    (1003, 'workflow', {hash:workflow}, 1001, 1001, null, 1001, null, '', null, 'write', 'run 7 "seven"', 'refs/heads/main', 0, 4102444800000, null),
    (1004, 'codespace', {hash:codespace}, 1001, 1001, 987654321, null, 'start 1', '', null, null, null, null, 0, null, null),
    (1005, 'workflow', {hash:readonly}, null, 1002, null, null, null, '', null, 'read', null, null, 0, null, null);
insert into login_failures (subject, failures, last_at) values ('account:ada-l 2001:db8::1', 2147483647, 0), ('', 0, 0);
