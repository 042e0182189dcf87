-- Which personal tokens reach an organization's packages.

alter table organizations add column token_max_days bigint; -- from making to end; null: also those that never end
alter table organizations add column unrestricted_tokens_allowed boolean not null default true; -- those without package patterns
