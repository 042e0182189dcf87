-- People's own clone credentials serve their git inside codespaces, where the organization allows it.

alter table organizations add column git_credentials_inside boolean not null default true;
