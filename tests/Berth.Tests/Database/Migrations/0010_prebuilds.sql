-- A configuration of everything and one of nothing; prebuilds that are ready, failed, and of a configuration that is gone.
insert into codespaces (id, name, owner_id, repository_id, repository_full_name, machine, host, desired, state, attempt, is_prebuild, from_prebuild, created_at, updated_at,
    last_used_at) values
    (1011, 'prebuild-app-1', 1001, 1001, 'ACME/App.js', 'x', 'another-host', 'shutdown', 'Shutdown', 1, true, null, 0, 0, 0),
    (1012, 'prebuild-app-2', 1001, 1001, 'ACME/App.js', 'x', 'another-host', 'available', 'Failed', 1, true, null, 0, 0, 0),
    (1013, 'prebuild-app-3', 1001, null, 'gone/for-good', 'x', 'another-host', 'available', 'Provisioning', 1, true, null, 0, 0, 0),
    (1014, 'b-app-14', 1002, 1001, 'ACME/App.js', 'x', 'another-host', 'shutdown', 'Shutdown', 1, false, 999999, 0, 0, 0);
insert into prebuild_configurations (id, repository_id, owner_id, branch, devcontainer_path, machine, on_push, schedule, enabled, kept, again, next_run_at, created_at, updated_at)
values (1001, 1001, 1001, 'feature/ünï''code', '.devcontainer/x/devcontainer.json', 'standardLinux32gb', true, '*/5 0-6,22 * * 1-5', true, 5, 'push', 253402300799999, 0, 0),
    (1002, 1001, 1002, '', '', '', false, null, false, 1, null, null, 0, 0);
insert into prebuilds (codespace_id, configuration_id, cause, commit_id, configuration_hash, image_bytes, workspace_bytes, ready_at) values
    (1011, 1001, 'push', '0123456789012345678901234567890123456789', 'abc', 0, 9223372036854775807, 1), (1012, 1001, 'manual', null, null, null, null, null),
    (1013, null, 'schedule', null, null, null, null, null);
insert into push_hooks (id, repository_id, value, version, created_at) values (1001, 1001, {bytes:nothing that opens}, 1, 0);
