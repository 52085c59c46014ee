# Does not end when asked to.
trap '' TERM INT HUP
echo ready
while :; do sleep 0.05; done
