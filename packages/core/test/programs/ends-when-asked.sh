# Ends with the code given when it is asked to.
trap 'echo asked; exit '"${1:-0}" TERM INT HUP USR1
echo ready
while :; do sleep 1000 & wait $!; done
