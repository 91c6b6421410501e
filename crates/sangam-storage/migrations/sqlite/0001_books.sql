-- The first form of the books. Instants are nanoseconds since 1970 in UTC, dates are YYYY-MM-DD in India, prices and
-- amounts are exact decimals as text, quantities are whole units. Lists of states live in the program: a word it does
-- not know is reported when it is read.

create table orders (
    number            integer primary key,
    uid               blob    not null unique check (length(uid) = 16),
    owner             text    not null,
    account_group     text    not null,
    client_order_id   text,
    body_digest       text    not null,
    exchange          text    not null,
    symbol            text    not null,
    side              text    not null,
    quantity          integer not null check (quantity >= 0),
    order_type        text    not null,
    price             text,
    trigger_price     text,
    product           text    not null,
    validity          text    not null,
    disclosed         integer not null check (disclosed >= 0),
    after_market      integer not null check (after_market in (0, 1)),
    position_effect   text,
    strategy          text,
    state             text    not null,
    account           text,
    broker            text,
    broker_order_id   text,
    filled            integer not null check (filled >= 0),
    average_price     text,
    message           text,
    simulated         integer not null check (simulated in (0, 1)),
    created_at        integer not null,
    updated_at        integer not null
) strict;

create unique index orders_by_client_id on orders (owner, client_order_id) where client_order_id is not null;
create index orders_by_broker_id on orders (account, broker_order_id) where broker_order_id is not null;
create index orders_open on orders (number) where state not in ('filled', 'cancelled', 'rejected', 'expired');

create table attempts (
    id                integer primary key,
    order_uid         blob    not null references orders (uid),
    no                integer not null check (no between 0 and 65535),
    account           text    not null,
    broker            text    not null,
    tag               text    not null unique,
    exchange          text    not null,
    symbol            text    not null,
    side              text    not null,
    quantity          integer not null check (quantity >= 0),
    order_type        text    not null,
    price             text,
    trigger_price     text,
    product           text    not null,
    validity          text    not null,
    disclosed         integer not null check (disclosed >= 0),
    after_market      integer not null check (after_market in (0, 1)),
    position_effect   text,
    state             text    not null,
    state_detail      text    not null,
    created_at        integer not null,
    updated_at        integer not null,
    unique (order_uid, no)
) strict;

create index attempts_open on attempts (id) where state in ('intent', 'unknown', 'parked');

create table fills (
    id                integer primary key,
    broker            text    not null,
    account           text    not null,
    trading_date      text    not null,
    broker_order_id   text    not null,
    trade_id          text    not null,
    order_uid         blob    references orders (uid),
    exchange          text,
    symbol            text,
    broker_exchange   text,
    broker_symbol     text    not null,
    side              text    not null,
    product           text,
    quantity          integer not null check (quantity >= 0),
    price             text    not null,
    traded_at         integer,
    tag               text,
    unique (broker, account, trading_date, broker_order_id, trade_id)
) strict;

create index fills_by_date on fills (trading_date);
create index fills_by_order on fills (order_uid) where order_uid is not null;

create table positions (
    account           text    not null,
    place             integer not null,
    broker            text    not null,
    exchange          text,
    symbol            text,
    broker_exchange   text,
    broker_symbol     text    not null,
    product           text,
    net               integer not null,
    average_price     text,
    bought            integer not null check (bought >= 0),
    buy_average       text,
    sold              integer not null check (sold >= 0),
    sell_average      text,
    last_price        text,
    realised          text,
    unrealised        text,
    read_at           integer not null,
    primary key (account, place)
) strict;

create table audit (
    sequence          integer primary key autoincrement,
    at                integer not null,
    actor             text    not null,
    event             text    not null,
    subject           text    not null,
    detail            text    not null
) strict;

create index audit_by_subject on audit (subject, sequence);

create trigger audit_is_never_edited before update on audit
begin
    select raise(abort, 'the audit log is append-only');
end;

create trigger audit_is_never_cut before delete on audit
begin
    select raise(abort, 'the audit log is append-only');
end;
