// MCSecurity
