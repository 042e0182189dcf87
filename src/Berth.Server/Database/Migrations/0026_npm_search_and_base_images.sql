-- What npm search looks at beside the name: description and keywords of each version, in lower case. Apart from the version, so that a look
-- at many of them reads no manifests. Of what was published before, the name alone is found until its next version.

create table npm_words (
    version_id bigint primary key references package_versions (id) on delete cascade,
    words text not null
);

-- What a manifest says that it was built upon, for whoever wants to remove that. Of manifests that were pushed before, nothing stands here.
create table manifest_bases (
    version_id bigint primary key references package_versions (id) on delete cascade,
    digest {key} not null,              -- annotation org.opencontainers.image.base.digest
    repository text                     -- of base.name, 'host/owner/name'; null: it does not say where it was taken from
);
create index manifest_bases_digest on manifest_bases (digest);
