-- A stream that is ahead of everything.
insert into audit_streams (stream, source, position) values ('file', 0, 9223372036854775807), ('syslog', 1, 0);
