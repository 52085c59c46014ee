# A daemon in the old manner: a session of its own, no parent, and an environment without our marks.
(env -i /usr/bin/setsid /bin/sh -c 'echo $$; exec sleep 1000' &)
while [ ! -s "$1" ]; do :; done
exit 0
