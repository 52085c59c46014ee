# Ends while a child in its own session still has the output open, which writes later.
setsid sh -c 'while [ -d "$1" ]; do sleep 0.05; done; echo late' sh "$1" &
echo early
exit 3
