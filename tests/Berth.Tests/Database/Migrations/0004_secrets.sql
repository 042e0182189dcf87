-- Keys that took over from others, secrets of every level with the same name, and what no key opens.
insert into secret_keys (id, account_id, repository_id, public_key, secret_key, created_at, retired_at) values
    (1001, 1001, null, {bytes:a}, {bytes:b}, 0, 1), (1002, 1001, null, {bytes:c}, {bytes:d}, 0, null), (1003, null, 1001, {bytes:e}, {bytes:f}, 0, null);
insert into secrets (id, level, account_id, repository_id, name, visibility, value, version, created_by, created_at, updated_at) values
    (1001, 'user', 1001, null, 'TOKEN', 'selected', {bytes:x}, 1, null, 0, 0),
    (1002, 'organization', 1003, null, 'TOKEN', 'private', {bytes:y}, 253402300799999, 'Ada-L', 0, 0),
    (1003, 'repository', null, 1001, 'TOKEN', 'all', {bytes:z}, 1, '', 0, 0),
    (1004, 'repository', null, 1001, 'A_CONTAINER_REGISTRY_SERVER', 'all', {bytes:z}, 1, '', 0, 0);
insert into secret_repositories (secret_id, repository_id) values (1001, 1001), (1001, 1003), (1002, 1002);
insert into key_rotations (id, from_fingerprint, to_fingerprint, state, pass, part, after_id, changed, done, total, failed, started_by, started_at, finished_at, lease_by, lease_until) values
    (1001, {bytes:fingerprint-of-the-first}, {bytes:fingerprint-of-the-second}, 'finished', 2, 3, 253402300799999, 4, 4, 4, 0, null, 0, 1, null, null),
    (1002, {bytes:fingerprint-of-the-second}, {bytes:fingerprint-of-the-third}, 'finished', 1, 0, 0, 0, 0, 0, 1, 'admin', 0, 1, 'host/1', 0);
