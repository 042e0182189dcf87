-- Events of packages that are gone, of changes without an actor's row, and with texts of every sort; a version of a package type to come.
insert into package_versions (id, package_id, name, created_by, created_at, updated_at, deleted_at) values (1101, 1006, '1.0.0-rc.1+build', null, 0, 253402300799999, null);
insert into package_events (id, at, kind, package_id, owner_id, owner, type, name, actor, version_id, version, tag, subject, old_value, new_value) values
    (1101, 0, 'created', 999999, 999999, 'gone', 'container', 'a__b.c-d/0', 'collector', 999999, 'sha256:' || {repeat:0:64}, null, null, null, null),
    (1102, 253402300799999, 'tag_moved', 1001, 1003, 'Acme', 'container', 'app/web', 'workflow:1001', 1001, null, '_', 'team:x', '', 'ü {"a":"🚢"}' || {newline});
