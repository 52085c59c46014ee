# Leaves a child behind in its own session and process group, and ends at once.
sleep 1000 </dev/null >/dev/null 2>&1 &
echo "$!"
exit "${1:-0}"
