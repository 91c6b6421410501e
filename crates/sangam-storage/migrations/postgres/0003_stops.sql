-- What keeps new orders from leaving, and what is wished of one order beside what it asks for.

alter table orders add column deadline bigint;
alter table orders add column cancel_requested bigint;
alter table orders add column awaited text collate "C";

create table stops (
    subject           text collate "C" not null,
    kind              text collate "C" not null,
    about             text collate "C" not null,
    cancels           bigint not null check (cancels in (0, 1)),
    actor             text collate "C" not null,
    reason            text collate "C" not null,
    at                bigint not null,
    primary key (subject, kind, about)
);
