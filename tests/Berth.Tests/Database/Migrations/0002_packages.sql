-- Packages that share a name in different states, content that is shared, hidden, gone or never was there.
insert into packages (id, owner_id, type, name, state, uploader, visibility, repository_id, inherits_access, ever_linked, created_by, created_at, updated_at, deleted_at) values
    (1001, 1003, 'container', 'app/web', 'live', '', 'private', 1001, true, true, 'Ada-L', 0, 0, null),
    (1002, 1003, 'container', 'app/web', 'deleted', '', 'public', null, false, true, null, 0, 0, 1),
    (1003, 1003, 'container', 'app/web', 'deleted', '', 'internal', 1002, false, true, 'gone', 0, 0, 2),
    (1004, 1003, 'container', 'app/web', 'pending', 'user:1002', 'private', null, false, false, null, 0, 0, null),
    (1005, 1003, 'container', 'app/web', 'pending', 'workflow:1001', 'private', null, false, false, null, 0, 0, null),
    (1006, 1003, 'npm', '@acme/app', 'live', '', 'private', null, false, false, null, 0, 0, null),
    (1007, 1001, 'container', 'a__b.c-d/0', 'live', '', 'public', null, false, false, '', 0, 0, null);
insert into package_users (package_id, user_id, role) values (1001, 1002, 'read'), (1002, 1002, 'admin');
insert into package_teams (package_id, team_id, role) values (1001, 1001, 'write');
insert into package_actions (package_id, repository_id, role) values (1001, 1002, 'read'), (1007, 1003, 'admin');
insert into package_codespaces (package_id, repository_id) values (1001, 1002);
insert into blobs (id, digest, size, storage_key, created_at) values
    (1001, 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', 2, 'blobs/old/1', 0),
    (1002, 'sha512:' || {repeat:0:128}, 8589934592, 'blobs/old/2', 0),
    (1003, 'sha256:' || {repeat:f:64}, 0, 'blobs/old/3', 0);
insert into blob_links (package_id, blob_id, used_at, hidden) values (1001, 1001, 0, false), (1001, 1002, 0, true), (1007, 1001, 253402300799999, false);
insert into blob_trash (storage_key, deleted_at) values ('blobs/old/gone', 253402300799999);
insert into uploads (id, package_id, principal, algorithm, started_at) values ('00000000-0000-0000-0000-000000000001', 1004, 'user:1002', 'sha512', 253402300799999);
insert into manifests (id, package_id, digest, media_type, artifact_type, subject, annotations, size, created_by, created_at, updated_at, deleted_at) values
    (1001, 1001, 'sha256:{sha256:first}', 'application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.config.v1+json', null, null, 5, 'Ada-L', 0, 0, null),
    (1002, 1001, 'sha256:{sha256:first}', 'application/vnd.oci.image.manifest.v1+json', null, null, null, 5, null, 0, 0, 1),
    (1003, 1001, 'sha256:{sha256:first}', 'application/vnd.oci.image.manifest.v1+json', null, null, null, 5, null, 0, 0, 2),
    (1004, 1001, 'sha256:{sha256:signature}', 'application/vnd.oci.image.manifest.v1+json', 'application/vnd.test "x"', 'sha256:' || {repeat:e:64},
        '{"a":"\"\\ é 🚢","":""}', 9, null, 0, 0, null),
    (1005, 1007, 'sha256:{sha256:index}', 'application/vnd.docker.distribution.manifest.list.v2+json', null, null, '{}', 5, null, 0, 253402300799999, null);
insert into manifest_contents (manifest_id, content) values
    (1001, {bytes:first}), (1002, {bytes:first}), (1003, {bytes:first}), (1004, {bytes:signature}), (1005, {bytes:index});
insert into manifest_blobs (manifest_id, blob_id) values (1001, 1001), (1002, 1001), (1002, 1002), (1005, 1001);
insert into manifest_children (manifest_id, digest) values (1005, 'sha256:' || {repeat:d:64}), (1005, 'sha256:{sha256:first}');
insert into tags (package_id, name, manifest_id, created_at, updated_at) values
    (1001, 'latest', 1001, 0, 0), (1001, 'V1.0_rc-1', 1001, 0, 0), (1001, '_', 1004, 0, 0), (1007, 'latest', 1005, 0, 0);
insert into deleted_tags (manifest_id, name) values (1002, 'latest'), (1003, 'latest'), (1003, 'old');
