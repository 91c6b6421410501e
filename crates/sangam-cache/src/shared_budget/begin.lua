-- The pool has lost what it knew, or may have: every scope counts anew from now on, and stays shut until whatever was
-- forgotten has left its windows. What is still there stays there, for it can only make the count too high.
for i = 1, #KEYS do
  local type = redis.call('TYPE', KEYS[i])['ok']
  if type ~= 'zset' and type ~= 'none' then
    return redis.error_reply('WRONGTYPE ' .. KEYS[i] .. ' is a ' .. type .. ' of somebody else')
  end
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
for i = 1, #KEYS do
  redis.call('ZADD', KEYS[i], -now, 'born')
  if not redis.call('ZSCORE', KEYS[i], 'shut') then redis.call('ZADD', KEYS[i], -1, 'shut') end
end
return now
