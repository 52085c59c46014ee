# Starts a child in a session of its own, as the tool processes of agents are. With an argument it goes on.
setsid sh -c 'echo $$; exec sleep 1000' &
if [ "$1" = stay ]; then sleep 1000; fi
# The child has a session of its own before its parent is gone.
while [ "$(ps -o sid= -p $! | tr -d ' ')" != "$!" ]; do :; done
exit 0
