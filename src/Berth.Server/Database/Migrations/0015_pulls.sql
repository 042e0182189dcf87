-- How often versions and packages were pulled. Counted in memory and added every few seconds: a pull itself writes nothing.
create table version_pulls (
    version_id bigint primary key references package_versions (id) on delete cascade,
    pulls bigint not null,              -- answers with the content
    last_pulled_at bigint not null      -- also when a client only asked whether what it has is still current
);
create table package_pulls (
    package_id bigint primary key references packages (id) on delete cascade,
    pulls bigint not null,              -- a multi-platform image once, however many of its manifests a client takes
    last_pulled_at bigint not null
);
