-- The full form of the books, as in SQLite after its second migration: the same tables, columns and keys. Texts compare by
-- their bytes there, so they do here.

create table orders (
    number            bigint  primary key,
    uid               bytea    not null unique check (length(uid) = 16),
    owner             text collate "C"    not null,
    account_group     text collate "C"    not null,
    client_order_id   text collate "C",
    body_digest       text collate "C"    not null,
    exchange          text collate "C"    not null,
    symbol            text collate "C"    not null,
    side              text collate "C"    not null,
    quantity          bigint  not null check (quantity >= 0),
    order_type        text collate "C"    not null,
    price             text collate "C",
    trigger_price     text collate "C",
    product           text collate "C"    not null,
    validity          text collate "C"    not null,
    disclosed         bigint  not null check (disclosed >= 0),
    after_market      bigint  not null check (after_market in (0, 1)),
    position_effect   text collate "C",
    strategy          text collate "C",
    state             text collate "C"    not null,
    account           text collate "C",
    broker            text collate "C",
    broker_order_id   text collate "C",
    filled            bigint  not null check (filled >= 0),
    average_price     text collate "C",
    message           text collate "C",
    simulated         bigint  not null check (simulated in (0, 1)),
    created_at        bigint  not null,
    updated_at        bigint  not null
);
create unique index orders_by_client_id on orders (owner, client_order_id) where client_order_id is not null;
create index orders_by_broker_id on orders (account, broker_order_id) where broker_order_id is not null;
create index orders_open on orders (number) where state not in ('filled', 'cancelled', 'rejected', 'expired');

create table attempts (
    id                bigint  primary key,
    order_uid         bytea    not null references orders (uid),
    no                bigint  not null check (no between 0 and 65535),
    account           text collate "C"    not null,
    broker            text collate "C"    not null,
    tag               text collate "C"    not null unique,
    exchange          text collate "C"    not null,
    symbol            text collate "C"    not null,
    side              text collate "C"    not null,
    quantity          bigint  not null check (quantity >= 0),
    order_type        text collate "C"    not null,
    price             text collate "C",
    trigger_price     text collate "C",
    product           text collate "C"    not null,
    validity          text collate "C"    not null,
    disclosed         bigint  not null check (disclosed >= 0),
    after_market      bigint  not null check (after_market in (0, 1)),
    position_effect   text collate "C",
    state             text collate "C"    not null,
    state_detail      text collate "C"    not null,
    created_at        bigint  not null,
    updated_at        bigint  not null,
    unique (order_uid, no)
);
create index attempts_open on attempts (id) where state in ('intent', 'unknown', 'parked');

create table fills (
    id                bigint  primary key,
    broker            text collate "C"    not null,
    account           text collate "C"    not null,
    trading_date      text collate "C"    not null,
    broker_order_id   text collate "C"    not null,
    trade_id          text collate "C"    not null,
    order_uid         bytea    references orders (uid),
    exchange          text collate "C",
    symbol            text collate "C",
    broker_exchange   text collate "C",
    broker_symbol     text collate "C"    not null,
    side              text collate "C"    not null,
    product           text collate "C",
    quantity          bigint  not null check (quantity >= 0),
    price             text collate "C"    not null,
    traded_at         bigint ,
    tag               text collate "C",
    position          text collate "C"    not null default '',
    unique (broker, account, trading_date, broker_order_id, trade_id)
);
create index fills_by_date on fills (trading_date);
create index fills_by_order on fills (order_uid) where order_uid is not null;
create index fills_by_position on fills (position, trading_date, traded_at, id);

create table positions (
    account           text collate "C"    not null,
    place             bigint  not null,
    broker            text collate "C"    not null,
    exchange          text collate "C",
    symbol            text collate "C",
    broker_exchange   text collate "C",
    broker_symbol     text collate "C"    not null,
    product           text collate "C",
    net               bigint  not null,
    average_price     text collate "C",
    bought            bigint  not null check (bought >= 0),
    buy_average       text collate "C",
    sold              bigint  not null check (sold >= 0),
    sell_average      text collate "C",
    last_price        text collate "C",
    realised          text collate "C",
    unrealised        text collate "C",
    read_at           bigint  not null,
    primary key (account, place)
);

create table postings (
    fill              bigint  primary key,
    position          text collate "C"    not null,
    trading_date      text collate "C"    not null,
    cash              text collate "C"    not null,
    stock             text collate "C"    not null,
    profit            text collate "C"    not null
);
create index postings_by_position on postings (position);

-- Each fill writes a row anew. Pages half full let it stay on its page, where the old one goes without waiting for a vacuum.
create table kept_positions (
    position          text collate "C"    primary key not null,
    account           text collate "C"    not null,
    broker            text collate "C"    not null,
    exchange          text collate "C",
    symbol            text collate "C",
    broker_exchange   text collate "C",
    broker_symbol     text collate "C"    not null,
    product           text collate "C",
    net               bigint  not null,
    cost              text collate "C"    not null,
    bought            bigint  not null check (bought >= 0),
    bought_value      text collate "C"    not null,
    sold              bigint  not null check (sold >= 0),
    sold_value        text collate "C"    not null,
    realised          text collate "C"    not null,
    day               text collate "C"    not null,
    realised_of_day   text collate "C"    not null,
    unseen            bigint  not null check (unseen >= 0),
    fills             bigint  not null check (fills > 0),
    last_date         text collate "C"    not null,
    last_at           bigint ,
    last_id           bigint  not null
) with (fillfactor = 50);

create table lots (
    position          text collate "C"    not null references kept_positions (position),
    opened_id         bigint  not null,
    opened_date       text collate "C"    not null,
    opened_at         bigint ,
    quantity          bigint  not null,
    price             text collate "C"    not null,
    primary key (position, opened_id)
);

create table holdings (
    account           text collate "C"    not null,
    date              text collate "C"    not null,
    place             bigint  not null,
    broker            text collate "C"    not null,
    exchange          text collate "C",
    symbol            text collate "C",
    broker_exchange   text collate "C",
    broker_symbol     text collate "C"    not null,
    isin              text collate "C",
    quantity          bigint  not null check (quantity >= 0),
    undelivered       bigint  not null check (undelivered >= 0),
    saleable          bigint  not null check (saleable >= 0),
    average_price     text collate "C",
    last_price        text collate "C",
    read_at           bigint  not null,
    primary key (account, date, place)
);

create table holding_days (
    account           text collate "C"    not null,
    date              text collate "C"    not null,
    primary key (account, date)
);

-- When each book of an account was read last, and the audit entry it was written with: also where it had no row.
create table book_reads (
    account           text collate "C"    not null,
    book              text collate "C"    not null check (book in ('positions', 'holdings')),
    read_at           bigint  not null,
    entry             bigint  not null check (entry > 0),
    primary key (account, book)
);

create table sessions (
    account           text collate "C"    primary key not null,
    broker            text collate "C"    not null,
    began_at          bigint  not null,
    expires_at        bigint  not null
);

create table window_counts (
    account           text collate "C"    not null,
    scope             text collate "C"    not null,
    window_ms         bigint  not null check (window_ms > 0),
    used              bigint  not null check (used >= 0),
    quota             bigint  not null check (quota >= 0),
    counted_at        bigint  not null,
    primary key (account, scope, window_ms)
);

create table leases (
    account_group     text collate "C"    primary key not null,
    holder            text collate "C"    not null,
    epoch             bigint  not null check (epoch > 0),
    expires_at        bigint  not null
);

create table settings (
    name              text collate "C"    primary key not null,
    value             text collate "C"    not null
);

create table audit (
    sequence          bigint  primary key check (sequence > 0),
    day               text collate "C"    not null,
    at                bigint  not null,
    actor             text collate "C"    not null,
    event             text collate "C"    not null,
    subject           text collate "C"    not null,
    detail            text collate "C"    not null,
    hash              bytea    not null check (length(hash) = 32)
);
create index audit_by_subject on audit (subject, sequence);
create index audit_by_day on audit (day, sequence);

create table audit_head (
    id                bigint  primary key check (id = 1),
    sequence          bigint  not null check (sequence >= 0),
    hash              bytea    not null check (length(hash) = 32),
    newest_at         bigint
);

create table audit_days (
    day               text collate "C"    primary key not null,
    first             bigint  not null,
    entries           bigint  not null check (entries > 0),
    root              bytea    not null check (length(root) = 32),
    last_hash         bytea    not null check (length(last_hash) = 32),
    sealed_at         bigint  not null,
    exported_at       bigint ,
    pruned_at         bigint
);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit log is append-only';
end;
$$;

create trigger audit_is_never_edited before update on audit
for each row execute function audit_is_append_only();

-- Only whole days go, and only after they were marked.
create function audit_goes_by_days() returns trigger language plpgsql as $$
begin
    if not exists (select 1 from audit_days where day = old.day and pruned_at is not null) then
        raise exception 'the audit log is append-only';
    end if;
    return old;
end;
$$;

create trigger audit_is_never_cut before delete on audit
for each row execute function audit_goes_by_days();

create trigger audit_is_never_emptied before truncate on audit
for each statement execute function audit_is_append_only();
