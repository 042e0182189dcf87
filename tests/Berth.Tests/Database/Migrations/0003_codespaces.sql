-- One in every state, of a server that is not this one; some lost their repository or never got a container.
insert into codespaces (id, name, display_name, owner_id, repository_id, repository_full_name, ref, devcontainer_path, machine, host, desired, state, failure, image, container_id,
    remote_user, workspace_folder, rebuild, attempt, commands_running, idle_timeout_minutes, retention_period_minutes, retention_expires_at, stop_notice,
    git_ahead, git_behind, git_unpushed, git_uncommitted, git_ref, created_at, updated_at, last_used_at) values
    (1001, 'ada-app-1', 'My "space"', 1001, 1001, 'ACME/App.js', 'refs/heads/main', '.devcontainer/x/devcontainer.json', 'standardLinux32gb', 'another-host', 'available',
        'Available', null, 'localhost:5000/acme/app@sha256:0', 'c1', 'dev', '/workspaces/App.js', false, 3, true, 30, 43200, null, null, 1, 0, true, false, 'main', 0, 0, 0),
    (1002, 'ada-app-2', null, 1001, null, 'gone/for-good', null, null, '', 'another-host', 'shutdown', 'Shutdown', null, null, null, null, null, true, 0, false, 5, 0, 1,
        'stopped after 30 minutes without use', null, null, null, null, null, 0, 0, 0),
    (1003, 'ada-app-3', null, 1001, 1003, 'ada-l/app.js', null, null, 'x', 'another-host', 'available', 'Failed', 'a reason' || {newline} || 'of two lines', null, null, null, null,
        false, 1, false, 240, 43200, 253402300799999, null, null, null, null, null, null, 0, 0, 0),
    (1004, 'b-app-4', null, 1002, 1001, 'ACME/App.js', null, null, 'x', 'another-host', 'deleted', 'ShuttingDown', null, null, null, null, null, false, 1, false, 30, 1, null, null,
        null, null, null, null, null, 0, 0, 0),
    (1005, 'b-app-5', null, 1002, 1001, 'ACME/App.js', null, null, 'x', 'another-host', 'available', 'Provisioning', null, null, null, null, null, false, 1, false, 30, 1, null, null,
        null, null, null, null, null, 0, 0, 0);
insert into codespace_log (id, codespace_id, attempt, at, step, line) values (1001, 1001, 3, 0, 'up', 'a line'), (1002, 1001, 3, 0, '', '🚢 ''; drop table codespaces; --');
insert into codespace_inside (codespace_id, sealed) values (1001, {bytes:nothing that opens});
insert into codespace_port_links (hash, codespace_id, port, expires_at) values ({hash:link}, 1001, 65535, 0);
