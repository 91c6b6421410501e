-- What keeps new orders from leaving, and what is wished of one order beside what it asks for.

alter table orders add column deadline integer;
alter table orders add column cancel_requested integer;
alter table orders add column awaited text;

create table stops (
    subject           text not null,
    kind              text not null,
    about             text not null,
    cancels           integer not null check (cancels in (0, 1)),
    actor             text not null,
    reason            text not null,
    at                integer not null,
    primary key (subject, kind, about)
) strict;
