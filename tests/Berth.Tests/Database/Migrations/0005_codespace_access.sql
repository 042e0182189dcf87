-- Organizations that say nothing and that forbid everything; permissions in circles; a credential for everybody beside one's own.
insert into codespace_access (organization_id, visibility) values (1003, 'selected_members');
insert into codespace_access_users (organization_id, user_id) values (1003, 1001);
insert into codespace_permissions (user_id, repository_id, target_id, accepted_at) values (1001, 1001, 1002, 0), (1001, 1002, 1001, 0), (1001, 1001, 1001, 0);
update codespaces set permissions_opt_out = true where id = 1003;
insert into codespace_targets (codespace_id, target_id) values (1001, 1002), (1003, 1003);
insert into clone_credentials (id, repository_id, user_id, origin, username, value, version, created_by, created_at, updated_at) values
    (1001, 1001, null, 'https://git.example.test', 'x', {bytes:x}, 1, null, 0, 0),
    (1002, 1001, 1001, 'https://git.example.test:8443', '', {bytes:y}, 1, 'Ada-L', 0, 253402300799999);
