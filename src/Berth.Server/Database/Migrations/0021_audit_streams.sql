-- How far the audit log was brought to a file or a syslog server.

create table audit_streams (
    stream {key} not null,              -- 'file' | 'syslog'
    source bigint not null,             -- 0: of package_events, 1: of audit_events
    position bigint not null,           -- everything up to this id is there
    primary key (stream, source)
);
