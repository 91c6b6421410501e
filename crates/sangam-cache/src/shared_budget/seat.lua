-- One process a seat. KEYS: our seat, then all seats. ARGV: who we are, what we are configured to, milliseconds, 1 to
-- take and 0 to leave. Answers 1 if the seat is ours now, 0 if it is another's, -1 if others are configured otherwise.
local held = redis.call('GET', KEYS[1])
if ARGV[4] == '0' then
  if held == ARGV[1] .. ' ' .. ARGV[2] then redis.call('DEL', KEYS[1]) end
  return 1
end
if held and string.sub(held, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
for i = 2, #KEYS do
  local other = redis.call('GET', KEYS[i])
  if other and KEYS[i] ~= KEYS[1] and string.sub(other, -#ARGV[2]) ~= ARGV[2] then return -1 end
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return 1
