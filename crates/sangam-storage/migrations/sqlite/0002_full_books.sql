-- The full form of the books: an audit log that is a chain, positions kept from fills, holdings, log-ins, window counts,
-- leases. Numbers of rows are given by the program, so that both databases hold the same.

alter table fills add column position text not null default '';
create index fills_by_position on fills (position, trading_date, traded_at, id);

create table postings (
    fill              integer primary key,
    position          text    not null,
    trading_date      text    not null,
    cash              text    not null,
    stock             text    not null,
    profit            text    not null
) strict;

create index postings_by_position on postings (position);

create table kept_positions (
    position          text    primary key not null,
    account           text    not null,
    broker            text    not null,
    exchange          text,
    symbol            text,
    broker_exchange   text,
    broker_symbol     text    not null,
    product           text,
    net               integer not null,
    cost              text    not null,
    bought            integer not null check (bought >= 0),
    bought_value      text    not null,
    sold              integer not null check (sold >= 0),
    sold_value        text    not null,
    realised          text    not null,
    day               text    not null,
    realised_of_day   text    not null,
    unseen            integer not null check (unseen >= 0),
    fills             integer not null check (fills > 0),
    last_date         text    not null,
    last_at           integer,
    last_id           integer not null
) strict;

create table lots (
    position          text    not null references kept_positions (position),
    opened_id         integer not null,
    opened_date       text    not null,
    opened_at         integer,
    quantity          integer not null,
    price             text    not null,
    primary key (position, opened_id)
) strict;

create table holdings (
    account           text    not null,
    date              text    not null,
    place             integer not null,
    broker            text    not null,
    exchange          text,
    symbol            text,
    broker_exchange   text,
    broker_symbol     text    not null,
    isin              text,
    quantity          integer not null check (quantity >= 0),
    undelivered       integer not null check (undelivered >= 0),
    saleable          integer not null check (saleable >= 0),
    average_price     text,
    last_price        text,
    read_at           integer not null,
    primary key (account, date, place)
) strict;

-- Which dates an account's holdings were read on: also those on which there were none.
create table holding_days (
    account           text    not null,
    date              text    not null,
    primary key (account, date)
) strict;

-- When each book of an account was read last, and the audit entry it was written with: also where it had no row.
create table book_reads (
    account           text    not null,
    book              text    not null check (book in ('positions', 'holdings')),
    read_at           integer not null,
    entry             integer not null check (entry > 0),
    primary key (account, book)
) strict;

insert into book_reads select account, 'positions', min(read_at), 1 from positions group by account;

create table sessions (
    account           text    primary key not null,
    broker            text    not null,
    began_at          integer not null,
    expires_at        integer not null
) strict;

create table window_counts (
    account           text    not null,
    scope             text    not null,
    window_ms         integer not null check (window_ms > 0),
    used              integer not null check (used >= 0),
    quota             integer not null check (quota >= 0),
    counted_at        integer not null,
    primary key (account, scope, window_ms)
) strict;

create table leases (
    account_group     text    primary key not null,
    holder            text    not null,
    epoch             integer not null check (epoch > 0),
    expires_at        integer not null
) strict;

create table settings (
    name              text    primary key not null,
    value             text    not null
) strict;

drop trigger audit_is_never_edited;
drop trigger audit_is_never_cut;
drop index audit_by_subject;
alter table audit rename to audit_without_hashes;

create table audit (
    sequence          integer primary key check (sequence > 0),
    day               text    not null,
    at                integer not null,
    actor             text    not null,
    event             text    not null,
    subject           text    not null,
    detail            text    not null,
    hash              blob    not null check (length(hash) = 32)
) strict;

create index audit_by_subject on audit (subject, sequence);
create index audit_by_day on audit (day, sequence);

create table audit_head (
    id                integer primary key check (id = 1),
    sequence          integer not null check (sequence >= 0),
    hash              blob    not null check (length(hash) = 32),
    newest_at         integer
) strict;

create table audit_days (
    day               text    primary key not null,
    first             integer not null,
    entries           integer not null check (entries > 0),
    root              blob    not null check (length(root) = 32),
    last_hash         blob    not null check (length(last_hash) = 32),
    sealed_at         integer not null,
    exported_at       integer,
    pruned_at         integer
) strict;

create trigger audit_is_never_edited before update on audit
begin
    select raise(abort, 'the audit log is append-only');
end;

-- Only whole days go, and only after they were marked.
create trigger audit_is_never_cut before delete on audit
when not exists (select 1 from audit_days where day = old.day and pruned_at is not null)
begin
    select raise(abort, 'the audit log is append-only');
end;
