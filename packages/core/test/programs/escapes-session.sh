# Starts a child in a session of its own, as the tool processes of agents are. With an argument it goes on.
setsid sh -c 'echo $$; exec sleep 1000' &
if [ "$1" = stay ]; then sleep 1000; fi
# The child has its session, and has said who it is, before its parent is gone.
until [ -s "$OVERMIND_HOME/output/$OVERMIND_MISSION_ID.$OVERMIND_RUN.log" ]; do sleep 0.01; done
exit 0
