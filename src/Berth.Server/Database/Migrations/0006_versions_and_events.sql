-- Versions of every package type hang on one spine, and whatever happens to a package leaves a row.
-- Tables are renamed, not copied: ids and contents stay where they are.

drop index manifests_live;
drop index manifests_subject;
drop index manifests_deleted;
drop index manifest_blobs_blob;
drop index tags_manifest;

alter table manifests rename to package_versions;
alter table package_versions rename column digest to name; -- container: the manifest's digest; npm: the version

create table manifests (
    version_id bigint primary key references package_versions (id) on delete cascade,
    media_type text not null,
    artifact_type text,                 -- what the referrers API shows: artifactType, else the config's media type
    subject text,                       -- digest
    size bigint not null,
    annotations text                    -- JSON, as in the manifest; shown by the referrers API. May be large, so it is the last
);
insert into manifests (version_id, media_type, artifact_type, subject, annotations, size)
select id, media_type, artifact_type, subject, annotations, size from package_versions;

alter table package_versions drop column media_type;
alter table package_versions drop column artifact_type;
alter table package_versions drop column subject;
alter table package_versions drop column annotations;
alter table package_versions drop column size;

alter table manifest_contents rename column manifest_id to version_id;
alter table manifest_children rename column manifest_id to version_id;
alter table tags rename column manifest_id to version_id;
alter table deleted_tags rename column manifest_id to version_id;
alter table manifest_blobs rename to version_blobs;
alter table version_blobs rename column manifest_id to version_id;

create unique index package_versions_live on package_versions (package_id, name) where deleted_at is null;
create index package_versions_package on package_versions (package_id, id);
create index package_versions_deleted on package_versions (deleted_at) where deleted_at is not null;
create index version_blobs_blob on version_blobs (blob_id);
create index tags_version on tags (version_id);
create index manifests_subject on manifests (subject) where subject is not null;

-- One row for each change to a package, written in the change's own transaction. It names things as they were called then and refers to no
-- row, so that it stays when the package is gone.
create table package_events (
    id {id},
    at bigint not null,
    kind text not null,                 -- PackageEventKind
    package_id bigint not null,
    owner_id bigint not null,
    owner text not null,
    type text not null,
    name text not null,
    actor text not null,                -- 'user:ID' | 'workflow:ID' | 'codespace:ID' | 'collector'
    version_id bigint,
    version text,                       -- the version's name
    tag text,
    subject text,                       -- whom a grant or list entry is for: 'user:LOGIN' | 'team:SLUG' | 'repository:OWNER/NAME'
    old_value text,
    new_value text
);
create index package_events_package on package_events (package_id, id);
