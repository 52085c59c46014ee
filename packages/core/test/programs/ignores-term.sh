# Does not end when asked to.
trap '' TERM INT HUP
echo ready
while :; do sleep 1000 & wait $!; done
