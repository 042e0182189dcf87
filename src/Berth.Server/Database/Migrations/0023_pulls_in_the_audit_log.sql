-- Pulls in the audit log may be a thousand times as many as the rest, so each of the two is found without the other.

drop index audit_events_owner;
drop index audit_events_time;
create index audit_events_owner on audit_events (owner_id, at, id) where kind <> 'packages.version_download';
create index audit_events_time on audit_events (at, id) where kind <> 'packages.version_download';
create index audit_events_pulls_owner on audit_events (owner_id, at, id) where kind = 'packages.version_download';
create index audit_events_pulls_time on audit_events (at, id) where kind = 'packages.version_download';
