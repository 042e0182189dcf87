-- Containers of one codespace in every role, some of codespaces that never finished one; starts of codespaces that are gone.
insert into codespace_containers (container_id, codespace_id, role) values ('c2', 1001, 'service'), ('{sha256:c3}', 1003, 'users'), ('c4', 1005, 'dev');
insert into codespace_starts (secret, codespace, attempt, host, created_at) values ('{sha256:one}', 'ada-app-1', 3, 'another-host', 0),
    ('{sha256:two}', 'ada-app-1', 2, 'another-host', 0), ('{sha256:three}', 'gone-for-good', 1, 'another-host', 253402300799999);
