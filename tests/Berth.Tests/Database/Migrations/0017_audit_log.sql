-- Of an organization, of the site alone, and of what is gone; with texts of every sort.
insert into audit_events (id, at, kind, owner_id, owner, repository_id, repository, subject, old_value, new_value, actor, actor_name, token_id, address, request_id) values
    (1001, 0, 'team.create', 1003, 'Acme', null, null, 'team:crew', null, 'ü {"a":"🚢"}' || {newline}, 'user:1001', 'Ada-L', 999999, 'fe80::1%eth0', '0000000000ff'),
    (1002, 253402300799999, 'user.create', null, null, null, null, null, '', '', 'collector', null, null, null, null),
    (1003, 0, 'repo.destroy', 999999, 'gone', 999999, 'gone/app', null, null, null, 'user:999999', 'nobody', null, null, null);
