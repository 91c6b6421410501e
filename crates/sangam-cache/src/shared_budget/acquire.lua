-- Ends first, then asks, at the server's time and in one step. Kept short, for everybody waits for it.
-- KEYS: one sorted set a scope. ARGV: number of the call, prefix of ids, count of ends, then pairs (id, meta): ends, asks.
-- A member is a request of a permit; its score the microsecond until which it is taken to be on its way. Two members
-- with negative scores say when the set began to count (born) and until when the broker refuses (shut).
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local number = tonumber(ARGV[1])
local prefix = ARGV[2]
local floor = math.floor
local born, shut, adds = {}, {}, {}
for i = 1, #KEYS do
  local marks = redis.call('ZMSCORE', KEYS[i], 'born', 'shut')
  if not marks[1] or not marks[2] then return {number, now, 0} end
  born[i], shut[i], adds[i] = -marks[1], -marks[2], {}
end

local function put(scope, score, id, weight)
  for _, i in ipairs(PATH[scope]) do
    local to = adds[i]
    to[#to + 1] = score
    to[#to + 1] = id
    for j = 2, weight do
      to[#to + 1] = score
      to[#to + 1] = id .. '.' .. j
    end
  end
end

-- A permit that ends stays in its windows, so ends are written together with what is granted; what is given back leaves them.
local asks_at = 4 + 2 * ARGV[3]
for at = 4, asks_at - 1, 2 do
  local meta = tonumber(ARGV[at + 1])
  local kind, scope, weight = meta % 8, floor(meta / 8) % 32 + 1, floor(meta / 256)
  if kind == 0 then
    local ids = {prefix .. ARGV[at]}
    for j = 2, weight do ids[j] = ids[1] .. '.' .. j end
    for _, i in ipairs(PATH[scope]) do redis.call('ZREM', KEYS[i], unpack(ids)) end
  elseif kind == 4 then
    for _, i in ipairs(PATH[scope]) do
      shut[i] = math.max(shut[i], now + ARGV[at])
      redis.call('ZADD', KEYS[i], -shut[i], 'shut')
    end
  else
    local score = now
    if kind == 2 then score = now + LATE elseif kind == 3 then score = now + LEASE end
    put(scope, score, prefix .. ARGV[at], weight)
  end
end
-- Not each time, for it is two commands more; four calls add less than one sweep takes away.
if number % 4 == 0 then
  for i = 1, #KEYS do
    local old = redis.call('ZCOUNT', KEYS[i], 0, now - HELD_MAX[i])
    if old > 0 then redis.call('ZREMRANGEBYRANK', KEYS[i], 2, 1 + math.min(old, TRIM)) end
  end
end

local used, closed = {}, {}
local function count(i)
  local counts = {}
  for w, window in ipairs(WINDOWS[i]) do
    counts[w] = redis.call('ZCOUNT', KEYS[i], now - window[1] + 1, '+inf')
  end
  used[i] = counts
  return counts
end

-- Why a scope has no room for so much: until when at least, the window, how full, of how much.
local function judge(i, weight, privileged)
  local counts, worst = used[i] or count(i), nil
  for w, window in ipairs(WINDOWS[i]) do
    local limit = window[2]
    if not privileged then limit = limit - window[3] end
    local bound = 0
    if now < born[i] + LEASE + window[1] then bound = born[i] + LEASE + window[1] end
    if now < shut[i] then bound = math.max(bound, shut[i]) end
    local excess = counts[w] + weight - limit
    if excess > 0 then
      local leaves = redis.call('ZRANGEBYSCORE', KEYS[i], now - window[1] + 1, '+inf', 'WITHSCORES', 'LIMIT', excess - 1, 1)
      bound = math.max(bound, math.min(tonumber(leaves[2]) or now, now) + window[1])
    end
    if bound > 0 and (not worst or worst[1] < bound) then worst = {bound, i, w, counts[w], limit} end
  end
  return worst
end

local out = {number, now, 1}
for at = asks_at, #ARGV, 2 do
  local meta = tonumber(ARGV[at + 1])
  local privileged, scope, weight = meta % 2 == 1, floor(meta / 2) % 32 + 1, floor(meta / 64)
  local worst
  for _, i in ipairs(PATH[scope]) do
    -- Nobody overtakes: a scope that kept one out keeps out all that come after.
    local full = closed[i] or judge(i, weight, privileged)
    closed[i] = full
    if full and (not worst or worst[1] < full[1]) then worst = full end
  end
  if worst then
    out[#out + 1] = math.max(1, worst[1] - now)
    for part = 2, 5 do out[#out + 1] = worst[part] end
  else
    out[#out + 1] = 0
    put(scope, now + LEASE, prefix .. ARGV[at], weight)
    for _, i in ipairs(PATH[scope]) do
      local counts = used[i]
      for w = 1, #counts do counts[w] = counts[w] + weight end
    end
  end
end
for i = 1, #KEYS do
  if #adds[i] > 0 then redis.call('ZADD', KEYS[i], unpack(adds[i])) end
  for w = 1, #WINDOWS[i] do out[#out + 1] = used[i] and used[i][w] or -1 end
end
return out
