-- Codespaces get the submodules of a repository where its configuration does not say.

alter table repositories add column submodules boolean not null default false;
