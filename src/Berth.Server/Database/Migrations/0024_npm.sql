-- The npm registry: what a version of an npm package is beside its name, and the documents that are made of it.

create table npm_versions (
    version_id bigint primary key references package_versions (id) on delete cascade,
    blob_id bigint not null references blobs (id),  -- the tarball; its version holds it
    shasum text not null,               -- SHA-1, in hex
    integrity text not null,            -- 'sha512-…', as in Subresource Integrity
    size bigint not null,               -- of the tarball, in bytes
    unpacked_size bigint not null,
    file_count bigint not null,
    publisher text,                     -- as people knew whoever published it
    deprecated text,                    -- why; null: it is not
    manifest text not null,             -- its package.json as it was published, without dist, readme and deprecated
    readme text,
    bundles text                        -- JSON list of the Sigstore bundles that came with it
);

-- What its live versions depend on, for whoever wants to remove one.
create table npm_dependencies (
    version_id bigint not null references package_versions (id) on delete cascade,
    name text not null,                 -- '@owner/name' of this server's kind
    range text not null,
    primary key (version_id, name)
);
create index npm_dependencies_name on npm_dependencies (name);

-- A number is never given to other bytes again, whatever became of the version or the package.
create table npm_numbers (
    owner_id bigint not null references accounts (id) on delete cascade,
    name {key} not null,
    version {key} not null,
    integrity text not null,
    primary key (owner_id, name, version)
);

-- Packuments as they are sent: made when something is published, and again when they are older than the package or its address.
create table npm_documents (
    package_id bigint primary key references packages (id) on delete cascade,
    revision bigint not null,           -- the package's last event when they were made
    base_url text not null,             -- of the tarballs in them
    abbreviated {blob} not null,        -- gzip
    whole {blob} not null               -- gzip
);
